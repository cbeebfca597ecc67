"""The fold over one batch (``tandem_router.batch``), in memory, by what comes in.

``working_set``: the incidents of the batch and what is said about them, shared by all. ``alerts``, ``held_alerts``,
``wishes``, ``times``: what alerts, holds, commands and timers do to it. ``arrivals``: the incident that an alert
comes to. ``holds``: the holds of the batch. ``loaded``: what the database knew. ``results``: one decision per alert,
one answer per command.
"""
