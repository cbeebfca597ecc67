"""Outgoing HTTP: one port, two clients behind one guard.

Both keep connections, resolve a name once, check every address (tandem/egress.py), connect to a checked one under the
name's certificate, follow no redirect, read no proxy settings, and fail only as DeliveryFailed. Retrying is not decided
here: it is a row.
"""
