"""The exercises of the course: ``check`` an answer, ask for a ``hint``.

Each lesson's exercises lie in ``_lesson_NN.py`` and are loaded when one of them is asked for. Lessons are built from
their text source by ``python -m chatmon.lab.course.build``.
"""

from chatmon.lab.course import _scope as scope
from chatmon.lab.course._exercises import check, hint

scope.attach()

__all__ = ["check", "hint"]
