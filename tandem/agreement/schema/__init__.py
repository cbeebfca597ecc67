"""The agreement's documents as pydantic models, one file per part. Shape only: meaning is checked in ``lint``."""
