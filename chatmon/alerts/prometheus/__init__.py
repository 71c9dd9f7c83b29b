"""The way to Prometheus: the monitor's numbers at /metrics, the rules as its rules, the policy for Alertmanager."""

from chatmon.alerts.prometheus.alertmanager import alertmanager_config
from chatmon.alerts.prometheus.metrics import Metrics
from chatmon.alerts.prometheus.rules import Exported, export_rules

__all__ = ["Exported", "Metrics", "alertmanager_config", "export_rules"]
