"""Wiring: settings, the table of targets, lifecycle and the auditor."""
