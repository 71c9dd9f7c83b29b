"""Write figure.png: the picture that the lines in the README draw.

python docs/make_picture.py
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any
from unittest.mock import patch

REPO = Path(__file__).parents[1]
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def drawn() -> dict[str, str]:
    """Return the picture of the README's first block, as a notebook would get it, by kind."""
    shown: list[dict[str, str]] = []
    code = BLOCK.findall((REPO / "README.md").read_text(encoding="utf-8"))[0]
    names: dict[str, Any] = {}
    with patch("IPython.display.display", lambda data, **_: shown.append(data)):
        exec(code, names)  # noqa: S102 - the README's own code
    return shown[-1]


if __name__ == "__main__":
    (REPO / "docs" / "figure.png").write_bytes(base64.b64decode(drawn()["image/png"]))
