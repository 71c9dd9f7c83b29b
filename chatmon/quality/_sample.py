"""What a judge said of all replies, and what somebody who knows said of some: read once, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Numbers = npt.NDArray[np.float64]
    Values = Sequence[Any] | npt.NDArray[Any] | pd.Series[Any]
    Owners = Sequence[Hashable] | npt.NDArray[Any] | pd.Series[Any]

YES: Final = 0.5
"""The certainty above which a verdict is a yes."""
_NO_LABEL: Final = (
    "no reply has a label: nothing says how often the judge is wrong. `chatmon label LOGS --n 40` asks for "
    "labels of replies drawn at random"
)


class Sample(NamedTuple):
    """Replies that were judged, of which some are labelled.

    Attributes:
        verdicts: The judge's word on each, 0 to 1; NaN where it gave none.
        labels: What is true of each, 0 or 1; NaN where nobody has looked.
        units: Who is independent of whom; None where each reply is.
    """

    verdicts: Numbers
    labels: Numbers
    units: Sequence[Hashable] | None

    @classmethod
    def of(cls, verdicts: Values, labels: Values, units: Owners | None) -> Sample:
        """Check and return what was judged and labelled.

        Raises:
            ValueError: The lengths differ, a value is impossible, or no reply has a label.
        """
        for name, values in (("labels", labels), ("units", units)):
            if values is not None and len(values) != len(verdicts):
                raise ValueError(f"{len(verdicts)} verdicts and {len(values)} {name}: each reply has one, or None")
        judged, known = numbers("verdict", verdicts), numbers("label", labels)
        if not (known == known).any():
            raise ValueError(_NO_LABEL)
        between = known[(known > 0) & (known < 1)]
        if between.size:
            raise ValueError(f"label {between[0]:g} is neither 0 nor 1: a label says yes, no, or is None")
        return cls(judged, known, None if units is None else list(units))

    @property
    def labelled(self) -> npt.NDArray[np.bool_]:
        """Which replies have a label."""
        import numpy as np

        return ~np.isnan(self.labels)


def numbers(name: str, values: Values) -> Numbers:
    """Return values from 0 to 1 as floats, with NaN for what is unknown."""
    import numpy as np
    import pandas as pd

    unknown = pd.isna(np.asarray(values, dtype=object))
    known = np.array([np.nan if none else float(value) for value, none in zip(values, unknown, strict=True)], float)
    wrong = known[(known < 0) | (known > 1)]
    if wrong.size:
        raise ValueError(f"{name} {wrong[0]:g} is outside 0 to 1: it is the truth of one sentence about the reply")
    return known
