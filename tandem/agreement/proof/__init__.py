"""The proof that every alert hits exactly one row: fields with finite vocabularies, rows as boxes, covers of boxes."""
