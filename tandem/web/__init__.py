"""HTTP for all targets: server, health, authentication and problem answers."""
