"""The Grafana dashboards as values, and what makes files of them."""
