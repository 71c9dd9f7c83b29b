"""An incident for each student: a log in which things went wrong, a diagnosis, and its points.

``_class_key`` holds the one secret, ``_planted`` what follows from it, ``_folder`` what a student gets, ``_diagnosis``
what a student hands in, ``_answers`` its words, ``_hints`` what
helps, ``_points`` what it earns, ``_class_table`` what a class found hard.
"""

from chatmon.lab.incident._class_key import ClassKey, ClassKeyError
from chatmon.lab.incident._class_table import Graded, found, graded, page, table, twice
from chatmon.lab.incident._diagnosis import DiagnosisError, read
from chatmon.lab.incident._folder import FolderError, make_folder, opened
from chatmon.lab.incident._hints import hint
from chatmon.lab.incident._planted import Assigned, incident

__all__ = [
    "Assigned", "ClassKey", "ClassKeyError", "DiagnosisError", "FolderError", "Graded", "found", "graded", "hint",
    "incident", "make_folder", "opened", "page", "read", "table", "twice",
]  # fmt: skip
