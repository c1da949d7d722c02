"""Rules for Prometheus and dashboards for Grafana, written from the lists beside this file: `python -m deploy.monitoring [--check]`."""
