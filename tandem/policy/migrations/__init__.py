"""Schema ``agreement``."""
