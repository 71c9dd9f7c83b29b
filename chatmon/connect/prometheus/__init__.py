"""The way to Prometheus: the monitor's numbers at /metrics, the rules as its rules, the policy for Alertmanager."""

from chatmon.connect.prometheus._alertmanager import alertmanager_config
from chatmon.connect.prometheus._rules import Exported, export_rules
from chatmon.connect.prometheus.metrics import Metrics

__all__ = ["Exported", "Metrics", "alertmanager_config", "export_rules"]
