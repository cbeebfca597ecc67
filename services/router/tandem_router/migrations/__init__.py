"""Schema ``router``."""
