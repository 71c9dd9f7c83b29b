"""The history of a log for other systems: Prometheus, InfluxDB, OpenTelemetry, and a dashboard for Grafana."""

from chatmon.exporters.grafana import write_grafana
from chatmon.exporters.influx import write_influx
from chatmon.exporters.openmetrics import write_openmetrics
from chatmon.exporters.otlp import write_otlp

__all__ = ["write_grafana", "write_influx", "write_openmetrics", "write_otlp"]
