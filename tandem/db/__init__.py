"""PostgreSQL: engine, transactions, timers, migrations and the embedded server."""
