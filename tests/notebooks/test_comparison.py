"""The comparison of outputs agrees with nbval's own."""

from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from comparison import compared
from nbformat.v4 import new_code_cell, new_output
from nbval.plugin import IPyNbCell, coalesce_streams, nocolors

PNG = "iVBORw0KGgo="


def stream(text: str, name: str = "stdout") -> Any:
    return new_output("stream", text=text, name=name)


def result(data: dict[str, str], **metadata: Any) -> Any:
    return new_output("display_data", data, metadata=metadata)


PAIRS = {
    "the same text": ([stream("a\n")], [stream("a\n")], True),
    "other text": ([stream("a\n")], [stream("b\n")], False),
    "the same text in two pieces": ([stream("a\n"), stream("b\n")], [stream("a\nb\n")], True),
    "pieces round a figure": (
        [stream("a\n"), result({"text/plain": "x"}), stream("b\n")],
        [stream("a\nb\n"), result({"text/plain": "x"})],
        True,
    ),
    "one output less": ([stream("a\n")], [], False),
    "another stream": ([stream("a\n")], [stream("a\n", "stderr")], False),
    "another picture": (
        [result({"image/png": PNG, "text/plain": "x"})],
        [result({"image/png": PNG[::-1], "text/plain": "x"})],
        True,
    ),
    "another description": (
        [result({"text/plain": "x"}, alt="a")],
        [result({"text/plain": "y"}, alt="a")],
        False,
    ),
    "another metadata": ([result({"text/plain": "x"}, alt="a")], [result({"text/plain": "x"}, alt="b")], True),
    "a kind more": ([result({"text/plain": "x"})], [result({"text/plain": "x", "text/html": "x"})], False),
    "a progress line overwritten": ([stream("10 %\r20 %\n")], [stream("20 %\n")], True),
    "another error": (
        [new_output("error", ename="E", evalue="1", traceback=["a"])],
        [new_output("error", ename="E", evalue="2", traceback=["a"])],
        False,
    ),
    "another traceback": (
        [new_output("error", ename="E", evalue="1", traceback=["a"])],
        [new_output("error", ename="E", evalue="1", traceback=["b"])],
        True,
    ),
}


@pytest.mark.parametrize(("left", "right", "same"), PAIRS.values(), ids=PAIRS.keys())
def test_outputs_compare_as_nbval_compares_them(left: list[Any], right: list[Any], same: bool) -> None:
    assert (compared(new_code_cell(outputs=left)) == compared(new_code_cell(outputs=right))) is same
    fake = SimpleNamespace(
        parent=SimpleNamespace(skip_compare=nbval_skips()),
        colors=nocolors,
        sanitize=str,
        format_output_compare=lambda *_: None,
    )
    copies = [nbformat.from_dict(outputs) for outputs in (left, right)]
    theirs = IPyNbCell.compare_outputs(fake, *(coalesce_streams(outputs) for outputs in copies))
    assert bool(theirs) is same


def nbval_skips() -> tuple[str, ...]:
    kept = ("metadata", "traceback", "prompt_number", "output_type", "name", "execution_count")
    return (*kept, "application/vnd.jupyter.widget-view+json", "image/png", "image/jpeg")
