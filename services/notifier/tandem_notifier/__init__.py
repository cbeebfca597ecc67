"""Notifier: turns facts into pages, one person and one channel at a time."""
