"""The addresses tools post to, one file per API we speak. door.py says what a door is, table.py lists them all."""
