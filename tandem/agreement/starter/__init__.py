"""Documents to begin with: from six answers, from a table, or for a new client of a provider. Pure: text out."""
