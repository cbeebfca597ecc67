"""All SQL of the console: its own rows, and what it reads through the other services' published views."""
