"""REST routes under ``/api/v1`` and the one door they all pass (``allowed``)."""
