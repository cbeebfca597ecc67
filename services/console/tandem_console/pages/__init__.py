"""Web pages: server-rendered, live by a hint, readable and usable without scripts."""
