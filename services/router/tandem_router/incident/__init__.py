"""The one state machine of an incident: every way it comes to be, changes and ends. Pure, holds no look-up.

Each function takes an incident and gives a ``Change`` (``change``). ``opening``: it begins. ``arrival``: an alert
comes; what then fires is ``firing``. ``urgency``: it becomes more urgent or changes hands. ``clearing``: what fired
clears, and the hold-down. ``cycle``: it opens again. What people wish is ``tandem_router.commands``, how several become
one ``tandem_router.joining``. Times: what people do counts when we accepted it (R-T2), a clear when its source says so
(R-C6).
"""
