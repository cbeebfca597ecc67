"""SIEM, EDR and managed detection. The table of them is in table.py."""
