"""Console: where people look and act; REST API, live stream and web pages."""
