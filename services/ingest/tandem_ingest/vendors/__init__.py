"""One small pure file per dialect, and the table of them in catalogue.py."""
