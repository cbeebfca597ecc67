"""Schema ``sla``."""
