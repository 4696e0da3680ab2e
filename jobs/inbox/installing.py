"""What a browser is told that puts Nightdesk among a phone's or a computer's own programs."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

NIGHT = "#20234a"
_ICONS = (
    ("icon.svg", "any", "image/svg+xml", "any"),
    ("icon-192.png", "192x192", "image/png", "any"),
    ("icon-512.png", "512x512", "image/png", "any"),
    ("icon-maskable.png", "512x512", "image/png", "maskable"),
)


def manifest() -> dict[str, Any]:
    """https://www.w3.org/TR/appmanifest/; it says nothing of what is inside."""
    inbox = reverse("inbox:inbox")
    return {
        "id": inbox,
        "name": "Nightdesk",
        "short_name": "Nightdesk",
        "description": _("Your agents work while you sleep; you decide in the morning."),
        "start_url": inbox,
        "scope": "/",
        "display": "standalone",
        "theme_color": NIGHT,
        "background_color": NIGHT,
        "icons": [
            {"src": static(f"nightdesk/{name}"), "sizes": sizes, "type": kind, "purpose": purpose}
            for name, sizes, kind, purpose in _ICONS
        ],
        "shortcuts": [
            {"name": _("Inbox"), "url": inbox},
            {"name": _("Jobs"), "url": reverse("inbox:queue")},
        ],
    }
