"""What is masked in texts before they leave: the rules of `chatmon.privacy`, wherever they go."""

from __future__ import annotations

from chatmon.privacy.redaction import redact

__all__ = ["redact"]
