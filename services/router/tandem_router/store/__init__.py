"""All SQL of the router: the one look-up of a batch (``lookup``), what else it searches, the statements it writes."""
