"""Templates as the service's own client rendered them: recorded, not imagined."""

import json
from pathlib import Path

import pytest

from chatmon.connect.langtail import render

RECORDED = json.loads((Path(__file__).parent / "langtail_template_golden.json").read_text(encoding="utf-8"))
DIFFERENT = {
    "{{obj}}": "{'a': 1}",  # theirs: the object as JSON
    "{{#each items}}{{name}};{{/each}}": "x;y;",  # theirs loses the fields
}


@pytest.mark.parametrize(("template", "variables", "wanted"), RECORDED, ids=[row[0] for row in RECORDED])
def test_a_template_reads_as_the_service_renders_it_but_for_two_known_differences(template, variables, wanted):
    rendered = render(template, variables)
    assert rendered == DIFFERENT.get(template, wanted)
    assert (rendered == wanted) is (template not in DIFFERENT)


@pytest.mark.parametrize(
    ("template", "value", "wanted"),
    [
        ("{{#if (lte n 2)}}few{{/if}}", "10", ""),
        ("{{#if (lt n 2)}}few{{/if}}", "x", ""),
        ("{{n}}", "[broken", "[broken"),
    ],
)
def test_a_number_in_a_text_is_compared_as_a_number_and_what_is_no_json_stays_text(template, value, wanted):
    assert render(template, {"n": value}) == wanted
