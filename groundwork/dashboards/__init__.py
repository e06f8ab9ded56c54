"""`groundwork dashboards`: the platform's dashboards as one page, asked of any Prometheus."""
