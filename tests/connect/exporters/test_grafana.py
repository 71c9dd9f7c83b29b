import json
import re

from chatmon.connect.exporters import write_grafana
from chatmon.connect.exporters._grafana import dashboard
from chatmon.connect.prometheus import Metrics

NAME = re.compile(r"\b(?:chatmon|gen_ai_client)_\w+")
WORDS = {
    "sum", "by", "rate", "increase", "histogram_quantile", "le", "model", "__rate_interval", "gen_ai_request_model",
    "gen_ai_token_type",
}  # fmt: skip


def live(monitor):
    metrics = Metrics()
    metrics.watch(monitor)
    with monitor.track("c1"):
        pass
    return {sample.name: sample.labels for family in metrics.registry.collect() for sample in family.samples}


def expressions():
    return [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]


def test_every_metric_it_asks_for_is_one_that_the_live_endpoint_has(monitor):
    served = live(monitor)
    asked = {name for one in expressions() for name in NAME.findall(one)}
    assert asked <= served.keys()
    assert len(asked) > 10
    (query,) = [one["query"] for one in dashboard()["templating"]["list"] if one["name"] == "model"]
    assert query == "label_values(chatmon_turns_total, gen_ai_request_model)"


def test_it_narrows_each_metric_by_labels_which_that_metric_has(monitor):
    served = live(monitor)
    for expression in expressions():
        for name, selector in re.findall(r"\b((?:chatmon|gen_ai_client)_\w+)(\{[^}]*\})?", expression):
            assert set(re.findall(r"(\w+)=", selector)) <= served[name].keys(), expression
        grouped = {label for labels in re.findall(r"by \(([^)]*)\)", expression) for label in labels.split(", ")}
        names = NAME.findall(expression)
        assert all(grouped <= served[name].keys() for name in names), expression


def test_it_uses_nothing_but_metrics_and_words_of_promql():
    for expression in expressions():
        words = set(re.findall(r"[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", expression)))
        assert words - WORDS == set(NAME.findall(expression)), expression


def test_the_file_is_the_dashboard_and_no_two_panels_share_a_place(tmp_path):
    write_grafana(tmp_path / "dashboard.json")
    read = json.loads((tmp_path / "dashboard.json").read_text(encoding="utf-8"))
    assert read == dashboard()
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in read["panels"]]
    assert len(set(places)) == len(places) == len({panel["id"] for panel in read["panels"]})
