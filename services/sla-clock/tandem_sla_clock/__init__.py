"""SLA clock: folds facts into the clocks of both parties; a due time is a row."""
