"""What a browser needs to install Nightdesk."""

import struct
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client as Browser


def size_of(name: str) -> tuple[int, int]:
    """The width and height that a PNG's header tells."""
    found = finders.find(f"nightdesk/{name}")
    content = Path(str(found)).read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def test_the_manifest_names_icons_that_are_there_in_the_size_that_it_says(db: None) -> None:
    response = Browser().get("/manifest.webmanifest")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/manifest+json")
    told = response.json()
    assert (told["start_url"], told["scope"], told["display"]) == ("/inbox/", "/", "standalone")
    for icon in told["icons"]:
        name = icon["src"].rpartition("/")[2]
        if name.endswith(".png"):
            assert "x".join(map(str, size_of(name))) == icon["sizes"]
        else:
            assert finders.find(f"nightdesk/{name}")
    assert {icon["purpose"] for icon in told["icons"]} == {"any", "maskable"}


def test_a_phone_has_its_own() -> None:
    assert size_of("apple-touch-icon.png") == (180, 180)


@pytest.mark.django_db
def test_every_page_names_them() -> None:
    text = Browser().get("/login/").content.decode()
    for words in (
        'rel="manifest"',
        "apple-touch-icon",
        "prefers-color-scheme: light",
        "prefers-color-scheme: dark",
    ):
        assert words in text
