"""The bus: a small port, its topics, the one consume loop and the implementations."""
