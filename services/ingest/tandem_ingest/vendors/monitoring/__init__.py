"""Monitoring, clouds, and bodies of no particular tool. The table of them is in table.py."""
