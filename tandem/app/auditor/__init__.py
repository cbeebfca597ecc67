"""The auditor: recomputes from the tables what should have happened, and says so without the parts that it watches.

``invariants`` is the table of what is asked, ``reading`` asks the database, ``alarms`` decides what is told (pure),
``receiver`` tells it, ``watch`` is the loop. The views themselves belong to the services whose tables they read.
"""
