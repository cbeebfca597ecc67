"""Schema ``bus``."""
