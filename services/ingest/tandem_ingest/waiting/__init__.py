"""Alerts that wait their turn: ``table`` keeps them durably, ``release`` lets them go as the router has room.

``turns`` is what the acceptance asks, ``router_log`` what stands before the router; ``fairness`` decides who waits.
"""
