"""The history of a log for other systems: Prometheus, InfluxDB, OpenTelemetry, and a dashboard for Grafana."""

from chatmon.connect.exporters._grafana import write_grafana
from chatmon.connect.exporters._influx import write_influx
from chatmon.connect.exporters._openmetrics import write_openmetrics
from chatmon.connect.exporters._otlp import write_otlp

__all__ = ["write_grafana", "write_influx", "write_openmetrics", "write_otlp"]
