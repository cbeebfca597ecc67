"""The mapping language: a document that says where in a body an alert stands. docs/mappings.md describes it.

``paths`` and ``texts`` are the language, ``look`` bounds what a reading may cost, ``document`` is a document's shape,
``load`` reads one, ``reader`` makes alerts by it. No expression is evaluated: no eval, no regex, no template engine.
"""
