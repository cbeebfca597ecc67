"""Rows of a document as a table, CSV or Markdown, and back without loss of meaning. Pure: text in, text out."""
