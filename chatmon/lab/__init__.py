"""What only the course needs: its data and models, the bot, services, traffic, truth, exercises and commands."""

from chatmon._tools.models import course_models
from chatmon._tools.paths import DATA, REPO, data_file
from chatmon._tools.shown import wrapped

__all__ = ["DATA", "REPO", "course_models", "data_file", "wrapped"]
