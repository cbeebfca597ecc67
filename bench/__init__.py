"""Load drivers and benchmark rows: ``python -m bench``. Nothing here is a test, and nothing asserts a time."""
