"""Remote monitoring and management. The table of them is in table.py."""
