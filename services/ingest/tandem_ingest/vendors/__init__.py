"""One small pure file per dialect in a folder per family; the table of all is catalogue.py."""
