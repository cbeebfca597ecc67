"""The part of a batch that makes one incident of several, over the batch's own incidents (``work``).

So several alerts of one batch meet what the first of them began. ``storms`` counts openings and gathers a storm's
alerts in its parent; ``outages`` makes a wide outage of several; ``merges`` does what a rule or a person merges or
links; ``early`` knows clears that came before their alert. The rules are ``storm``, ``reach``, ``joining`` and
``instants``; which incidents there are is what the look-up found.
"""
