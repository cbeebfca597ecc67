"""Checks: what should be heard, and what its silence means.

The state machine of one check is ``fold.py``, what time makes of it ``silence.py``. ``state.py`` is what is known of
one, ``uptime.py`` since when signals could be heard at all, ``raising.py`` the alert that follows, ``batch.py`` the
fold over a batch, ``writes.py`` its rows. What is read is ``tandem_router.store.checks``'s.
"""
