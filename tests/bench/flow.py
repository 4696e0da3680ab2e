"""How long it takes from a key press until the next item is painted, and how long twenty reviews take by keys.

In a real Chromium before gunicorn, with no delay of the network and with 120 ms for each round trip.
"""

import shutil
import time

from django.contrib.auth.models import User
from django.core.management import call_command
from playwright.sync_api import Page, sync_playwright

from jobs.inbox.entry import enter_link
from jobs.models import Client, Review
from tests.bench import place, processes, report
from tests.jobs.inbox.conftest import several

_ROUND_TRIPS_MS = (0, 120)
_REVIEWS = 20
# From the press of Enter until the frame in which another item stands there has been painted.
_WATCH = """
window.took = [];
let pressed = 0;
addEventListener("keydown", (event) => { if (event.key === "Enter") pressed = performance.now(); }, true);
new MutationObserver((changes) => {
  if (!changes.some((one) => [...one.addedNodes].some((node) => node.id === "item"))) return;
  const begun = pressed;
  requestAnimationFrame(() => requestAnimationFrame(() => window.took.push(performance.now() - begun)));
}).observe(document.getElementById("pane"), { childList: true });
"""
_IS_READY = "performance.now() - visibleSince >= 400 && !document.getElementById('pane').inert"


def measure() -> None:
    """Each round trip on a morning of its own."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        report.skip("flow", "needs Chromium")
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    owner = User.objects.create_superuser("owner")
    client = Client.objects.create(name="Lume", slug="lume", recipients=["marta@example.com"])
    reviews = 5 if place.quick() else _REVIEWS
    port = processes.free_port()
    command = [
        "-m",
        "gunicorn",
        "config.wsgi",
        "--bind",
        f"127.0.0.1:{port}",
        "--threads",
        "4",
        "--no-control-socket",
    ]
    with processes.started(command, port=port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for round_trip in _ROUND_TRIPS_MS:
            several(client, reviews + 1)
            owner.refresh_from_db()
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            page.goto(f"http://127.0.0.1:{port}/enter/{enter_link(owner).partition('/enter/')[2]}")
            page.get_by_role("button", name="Enter as owner").click()
            _decide(page, reviews, round_trip)
            page.context.close()
            Review.objects.all().update_state(state="declined")
        browser.close()


def _decide(page: Page, reviews: int, round_trip: int) -> None:
    page.locator("#item h1").wait_for()
    network = page.context.new_cdp_session(page)
    no_limit = {"downloadThroughput": -1, "uploadThroughput": -1}
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", {"offline": False, "latency": round_trip, **no_limit})
    page.evaluate(_WATCH)
    begun = time.monotonic()
    for number in range(1, reviews + 1):
        processes.until(lambda: page.evaluate(_IS_READY), seconds=20, what="the item has been seen", every=0.005)
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        shown = number
        processes.until(
            lambda shown=shown: page.evaluate("window.took.length") >= shown,  # type: ignore[misc]
            seconds=20,
            what="the next item is painted",
            every=0.005,
        )
    seconds = time.monotonic() - begun
    took = page.evaluate("window.took")
    p95, median = report.percentile(took, 95), round(report.median(took), 1)
    report.say(
        "flow_next_item_p95", value=p95, unit="ms", goal="value <= 100", round_trip_ms=round_trip, median=median
    )
    report.say("flow_reviews_by_keys", value=seconds, unit="s", goal="value <= 15", round_trip_ms=round_trip)
