"""Agreement versions, integrations, silences and overrides as they stand in PostgreSQL."""
