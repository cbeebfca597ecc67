"""The rows on Kafka: each service a process of its own on a real broker and a PostgreSQL server."""
