"""What watches the platform: metrics, alerts, dashboards, logs."""
