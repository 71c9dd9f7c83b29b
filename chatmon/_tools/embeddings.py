"""How alike texts are: the embedding model that retrieval and relevance share (small, static, offline), and wording."""

from __future__ import annotations

import threading
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

from chatmon._tools.extras import wanted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

_lock = threading.Lock()


def embed(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return one vector for each text, of length 1, so that a dot product is a cosine.

    The model (wordllama) adds up vectors of words that were learnt beforehand: it knows nothing of word order, is best
    at English, and takes well under a millisecond. It is loaded at the first call, in a fifth of a second.

    Args:
        texts: What to embed.

    Returns:
        An array of ``len(texts)`` rows; the row of a text with nothing in it is zero.

    Example:
        >>> same, different = embed(["my bill", "the weather"]) @ embed(["bills"])[0]
        >>> bool(same > different)
        True
    """
    import numpy as np

    if not texts:
        return np.zeros((0, 256), dtype=np.float32)
    with _lock:
        model = _model()
    vectors: npt.NDArray[np.float32] = model.embed([text.encode("utf-8", "replace").decode() for text in texts])
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    unit: npt.NDArray[np.float32] = vectors / lengths
    return unit


@cache
def _model() -> Any:
    import logging
    from pathlib import Path

    # wordllama sets up the root logger when it is imported, unless that has a handler: then every request of every
    # library would be printed.
    root, guard = logging.getLogger(), logging.NullHandler()
    root.addHandler(guard)
    try:
        wordllama = wanted("wordllama", "quality", "the similarity of texts")
    finally:
        root.removeHandler(guard)
    # The wheel's tokenizer lies in a folder that load() looks in only when told; nothing may be fetched instead.
    return wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)


def normalised(question: str) -> str:
    """Return a question without what makes no difference: letter case, white space, the marks at its end.

    Args:
        question: What the user wrote.

    Example:
        >>> normalised("  When is  my bill due?? ")
        'when is my bill due'
    """
    text = " ".join(unicodedata.normalize("NFKC", question).casefold().split())
    return text.rstrip("?!. ") or text
