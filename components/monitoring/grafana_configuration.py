"""Grafana's configuration as files: who may do what, where the data is, which dashboards there are.

There is no password: no administrator is made, nobody signs in with one, and what the provider of identities keeps
secret is read from a file that only the pod has. What Grafana keeps beside (sessions, preferences) goes with the pod.

Source: Grafana documentation, "Configure Grafana" (`disable_initial_admin_creation`, variable expansion with the
        provider `file`), "Provision Grafana", "Configure generic OAuth authentication".
"""

from collections.abc import Mapping
from typing import Any, Final

from components.monitoring.dashboards import DATA_SOURCE, dashboard_files
from components.monitoring.data_files import written
from components.monitoring.grafana_settings import OidcSettings

PORT: Final = 3000
CONFIGURATION: Final = "grafana.ini"
CONFIGURATION_FOLDER: Final = "/etc/grafana"
PROVISIONING: Final = "/etc/grafana-provisioning"
DASHBOARDS: Final = "/etc/grafana-dashboards"
DATA: Final = "/var/lib/grafana"
SECRETS: Final = "/run/secrets/grafana"
CLIENT_SECRET: Final = "client_secret"  # noqa: S105 - the name of a file
SCRAPE_SECONDS: Final = 30

Sections = Mapping[str, Mapping[str, str]]


def grafana_ini(oidc: OidcSettings | None) -> str:
    """Return Grafana's own configuration."""
    sections = _always(oidc.root_url if oidc else None) | (_signed_in(oidc) if oidc else _anonymous())
    return "\n".join(
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for section, values in sections.items()
    )


def provisioning_files(prometheus_url: str) -> dict[str, str]:
    """Return what Grafana is set up with, by the name of the file."""
    source = {
        "name": "Prometheus",
        **DATA_SOURCE,
        "access": "proxy",
        "url": prometheus_url,
        "isDefault": True,
        "editable": False,
        "jsonData": {"httpMethod": "POST", "timeInterval": f"{SCRAPE_SECONDS}s", "manageAlerts": False},
    }
    provider = {
        "name": "groundwork",
        "type": "file",
        "folder": "Groundwork",
        "disableDeletion": True,
        "allowUiUpdates": False,
        "options": {"path": DASHBOARDS},
    }
    return {
        "datasources.yaml": written({"apiVersion": 1, "prune": True, "datasources": [source]}),
        "dashboards.yaml": written({"apiVersion": 1, "providers": [provider]}),
    }


def config_maps(oidc: OidcSettings | None, prometheus_url: str) -> dict[str, dict[str, str]]:
    """Return the contents of the ConfigMaps by what they are for."""
    return {
        "configuration": {CONFIGURATION: grafana_ini(oidc)},
        "provisioning": provisioning_files(prometheus_url),
        "dashboards": dashboard_files(),
    }


def _always(root_url: str | None) -> dict[str, dict[str, str]]:
    return {
        "paths": {"data": DATA, "provisioning": PROVISIONING, "plugins": f"{DATA}/plugins", "logs": f"{DATA}/log"},
        "server": {"http_port": str(PORT)} | ({"root_url": root_url} if root_url else {}),
        "security": {
            "disable_initial_admin_creation": "true",
            "disable_gravatar": "true",
            "cookie_samesite": "lax",  # the provider of identities sends people back from elsewhere
            "cookie_secure": "true" if root_url else "false",
            "content_security_policy": "true",
        },
        "users": {"allow_sign_up": "false", "allow_org_create": "false"},
        "auth": {"disable_login_form": "true"},
        "auth.basic": {"enabled": "false"},
        # Alerts are Prometheus' and Alertmanager's; nothing of ours is shared with anybody else.
        "unified_alerting": {"enabled": "false"},
        "snapshots": {"enabled": "false"},
        "public_dashboards": {"enabled": "false"},
        "analytics": {"reporting_enabled": "false", "check_for_updates": "false", "check_for_plugin_updates": "false"},
        "news": {"news_feed_enabled": "false"},
        "plugins": {"preinstall_disabled": "true", "plugin_admin_enabled": "false"},
        "log": {"mode": "console"},
        "metrics": {"enabled": "true"},
    }


def _anonymous() -> dict[str, dict[str, str]]:
    return {"auth.anonymous": {"enabled": "true", "org_role": "Viewer"}}


def _signed_in(oidc: OidcSettings) -> dict[str, dict[str, Any]]:
    return {
        "auth.anonymous": {"enabled": "false"},
        "auth.generic_oauth": {
            "enabled": "true",
            "name": oidc.name,
            "allow_sign_up": "true",
            "auto_login": "true",
            "client_id": oidc.client_id,
            "client_secret": f"$__file{{{SECRETS}/{CLIENT_SECRET}}}",
            "scopes": oidc.scopes,
            "auth_url": oidc.auth_url,
            "token_url": oidc.token_url,
            "api_url": oidc.api_url,
            "role_attribute_path": oidc.role_attribute_path,
            "role_attribute_strict": "true",
            "use_pkce": "true",
            "use_refresh_token": "true",
        },
    }
