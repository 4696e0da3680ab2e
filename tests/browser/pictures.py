"""The README's pictures, taken of the demo's night: python -m tests.browser.pictures LINK

LINK is what `make demo` prints. Each page is taken light and dark, as WebP, into tests/browser/pictures/.
"""

import base64
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, ViewportSize, sync_playwright

FOLDER = Path(__file__).parent / "pictures"
MAX_BYTES = 150_000
_DESK: ViewportSize = {"width": 1440, "height": 900}
_PHONE: ViewportSize = {"width": 390, "height": 844}
# What each picture is called, the page it shows, and the window it is seen through.
PICTURES = {
    "inbox": ("/inbox/", _DESK),
    "merge": ("a.kind-merge", _DESK),
    "night": (".night a[data-key='g n']", _DESK),
    "phone": ("a.kind-question", _PHONE),
}
_QUALITY = 82


def main(link: str) -> None:
    """Log in by the link, which works once, and take every picture."""
    FOLDER.mkdir(exist_ok=True)
    parts = urlsplit(link)
    home = f"{parts.scheme}://{parts.netloc}/inbox/"
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        door = browser.new_context()
        page = door.new_page()
        page.goto(link)
        page.locator("main button").click()
        page.wait_for_url(home)
        person = door.storage_state()
        for theme in ("light", "dark"):
            for name, (where, size) in PICTURES.items():
                context = browser.new_context(
                    storage_state=person,
                    viewport=size,
                    color_scheme=theme,
                    locale="en",
                    reduced_motion="reduce",
                )
                _take(context.new_page(), home, where, FOLDER / f"{name}-{theme}.webp")
                context.close()
        browser.close()


def _take(page: Page, home: str, where: str, path: Path) -> None:
    page.goto(home)
    if not where.startswith("/"):
        page.goto(home.removesuffix("/inbox/") + str(page.locator(where).first.get_attribute("href")))
    session = page.context.new_cdp_session(page)
    taken = session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})["data"]
    path.write_bytes(base64.b64decode(taken))
    if path.stat().st_size > MAX_BYTES:
        sys.exit(f"{path} has {path.stat().st_size} bytes: lower the quality")
    print(f"{path} {path.stat().st_size} bytes")  # noqa: T201 - a command's output


if __name__ == "__main__":
    main(sys.argv[1])
