"""How a pod says that it is to be scraped, and who scrapes.

Source: the annotations `prometheus.io/*`, which the jobs of components/monitoring/scrape_configuration.py look for.
"""

MONITORING_NAMESPACE = "monitoring"
"""Where what watches the platform runs."""
PROMETHEUS = "prometheus"
"""The name, by its label `app.kubernetes.io/name`, of the pods that scrape."""
SCRAPE, PORT, PATH = "prometheus.io/scrape", "prometheus.io/port", "prometheus.io/path"
HONOR_LABELS = "prometheus.io/honor-labels"
METRICS_PORT_NAME = "metrics"
"""What a container calls the port that is scraped: network policies let Prometheus at ports of that name alone."""
DEFAULT_PATH = "/metrics"


def scraped(port: int, path: str = DEFAULT_PATH, *, honor_labels: bool = False) -> dict[str, str]:
    """Return the annotations of a pod whose metrics are at `path` of `port`, which its container names as above.

    `honor_labels`: its series are about other objects, and their own labels say which. It is obeyed in the platform's
    own namespaces alone: anybody else's pod could speak for another team.
    """
    found = {SCRAPE: "true", PORT: str(port)}
    if path != DEFAULT_PATH:
        found[PATH] = path
    return found | ({HONOR_LABELS: "true"} if honor_labels else {})
