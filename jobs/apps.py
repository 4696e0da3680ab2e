"""The application that owns all tables."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Registers the tables and the system checks."""

    name = "jobs"
    verbose_name = "Nightdesk"

    def ready(self) -> None:
        """Load the checks; nothing else happens at start."""
        from jobs import checks  # noqa: F401 - registering is what importing it is for
