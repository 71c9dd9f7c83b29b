"""A file says the same by whatever road it is asked: its path, an import, Arrow, a frame, a list, a copy."""

import re

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner
from worlds import Change, World, made

from chatmon import analysis
from chatmon import turns as table
from chatmon._tools.paths import data_file
from chatmon.analysis.findings import findings
from chatmon.analysis.source import relation
from chatmon.cli._logs import app
from chatmon.importers import open_logs
from chatmon.optimizer import recommend

FAILING = Change(kind="errors", where={"region": "us"}, begins=10.4, ends=10.9, size=0.5)
QUESTIONS = {
    "summary": analysis.summary,
    "satisfaction": analysis.satisfaction,
    "errors": analysis.errors,
    "segments": analysis.segments,
    "cost by": lambda turns: analysis.cost_by(turns, "model"),
    "findings": findings,
    "advice": recommend,
}


@pytest.fixture(scope="module", params=["four weeks", "a world", "a world that rates nothing and asks no text"])
def roads(request, tmp_path_factory):
    """Every road to one file's turns."""
    folder = tmp_path_factory.mktemp("roads")
    path = data_file("four_weeks.parquet")
    if request.param != "four weeks":
        world = World(days=14, turns_per_day=250, clocks={"eu": (0.5, 1.0), "us": (0.5, -6.0)},
                      ratings=0.1 if request.param == "a world" else 0)  # fmt: skip
        path = folder / "world.parquet"
        pq.write_table(made(world, 3, FAILING).turns, path)
    with open_logs(path, content=True) as logs:
        logs.write_parquet(folder / "copy.parquet")
        frame = logs.frame()
        yield {
            "path": path,
            "logs": logs,
            "Arrow": relation(path).to_arrow_table(),
            "frame": frame,
            "list": table.from_frame(frame),
            "copy": folder / "copy.parquet",
        }


def said(answer):
    """Return an answer as text, its floats to nine digits: each road adds them up in its own order."""
    text = answer.to_string() if hasattr(answer, "to_string") else repr(answer)
    return re.sub(r"(?<!['\d.])\d+\.\d{7,}(e-\d+)?", lambda found: f"{float(found[0]):.9g}", text)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_road_gives_one_answer(roads, question):
    answers = {name: said(QUESTIONS[question](turns)) for name, turns in roads.items()}
    assert answers == dict.fromkeys(roads, answers["path"])


def test_report_and_optimize_say_one_advice_and_the_page_shows_no_text_unless_told(tmp_path):
    path, page = data_file("four_weeks.parquet"), tmp_path / "page.html"
    told = CliRunner().invoke(app, ["optimize", str(path)]).stdout
    for options, shown in ([], False), (["--content"], True):
        done = CliRunner().invoke(app, ["report", str(path), "-o", str(page), *options])
        assert done.exit_code == 0, done.output
        html = page.read_text(encoding="utf-8")
        actions = re.findall(r"<dt>Do</dt><dd>([^<]*)", html)
        assert actions == re.findall(r"^do: (.*)$", told, re.MULTILINE)
        assert len(actions) > 3
        assert ("What is asked most" in html) is shown
