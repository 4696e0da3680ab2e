"""The application that owns all tables."""

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy


class JobsConfig(AppConfig):
    """Registers the tables and the system checks."""

    name = "jobs"
    verbose_name = "Nightdesk"

    def ready(self) -> None:
        """Load the checks, and name the queue's own tables for what they are."""
        from jobs import checks  # noqa: F401 - registering is what importing it is for
        from jobs.inbox import proving  # noqa: F401 - likewise: a login is a proof

        apps.get_app_config("django_q").verbose_name = gettext_lazy("Queue internals")
