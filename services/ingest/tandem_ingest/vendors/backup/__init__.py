"""Backup, and jobs that check in. The table of them is in table.py."""
