"""What strict nbval compares of a cell's outputs, for runs that nbval itself cannot make."""

import re
from collections import defaultdict
from typing import Any

SKIPPED = {
    "metadata",
    "traceback",
    "output_type",
    "name",
    "execution_count",
    "transient",
    "image/png",
    "image/jpeg",
    "application/vnd.jupyter.widget-view+json",
}
"""As in ``nbval.plugin.IPyNbFile``, without --nbdime."""


def compared(cell: Any) -> dict[str, list[str]]:
    """Return of each kind of output the values that nbval compares, in order; nothing for a cell it ignores.

    Streams of one name are joined, and what a carriage return overwrote is left out.
    """
    if "nbval-ignore-output" in cell.metadata.get("tags", []):
        return {}
    values: dict[str, list[str]] = defaultdict(list)
    streams: dict[str, str] = {}
    for output in cell.outputs:
        if output.output_type == "stream":
            streams[output.name] = streams.get(output.name, "") + output.text
            continue
        for key, part in output.items():
            if key == "data":
                for kind, value in part.items():
                    if kind not in SKIPPED:
                        values[kind].append(value)
            elif key not in SKIPPED:
                values[key].append(part)
    for name, text in streams.items():
        values[name] = [re.sub(r"^.*\r(?=[^\n])", "", text, flags=re.MULTILINE)]
    return dict(values)
