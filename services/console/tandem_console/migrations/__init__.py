"""Schema ``console``."""
