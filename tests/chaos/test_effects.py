"""Many effects at five targets while a random process is killed every 2 s and a fifth of all answers is lost.

Whatever was decided is there once: a file, a branch, a row, a pull request, a message in Slack each. A mail is
there once at most, and whoever cannot know whether it left asks a person.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.places import HUB, Found, places
from tests.house import SIZES, House, bare_repository, built, git, killing
from tests.repositories import Owned, an_owned

pytestmark = [pytest.mark.services, pytest.mark.long]

JOBS = 200
# Every job writes to its client; what else it makes goes round, so that each has a part in every minute.
EACH = JOBS // 4
KILL_EVERY_SECONDS = 2.0
AT_LEAST_KILLED = 10
OPEN_AFTER_SECONDS = 60.0
STILL_OPEN = 20  # so many effects may be left when the killing ends

# Each job is planned in two steps and both are done, by the real verbs; then everything is due at once.
_DECIDE = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from jobs import queue
from jobs.lifecycle import job, planning, review, task
from jobs.lifecycle.artifact import File
from jobs.models import Client, Delivery, Job, Review

owner, lume = User.objects.get(), Client.objects.get()
step = planning.PlannedStep
ALSO = [step("drafting", "Write it", {{}}), step("research", "Ask around", {{}}), step("code", "List it", {{}})]
for number in range({jobs}):
    job.open_job(title=f"Tour {{number}}", brief=f"Make tour {{number}} known.", by="test", client=lume)
LOG = "diff --git a/{{0}} b/{{0}}\\nnew file mode 100644\\n--- /dev/null\\n+++ b/{{0}}\\n@@ -0,0 +1 @@\\n+open\\n"

def branch(n):
    name, base = ("hub", "{hub}") if n % 4 == 3 else ("site", "{site}")
    patch = File("patch", "changes.patch", "text/x-diff", LOG.format(f"tour-{{n}}.txt").encode())
    return "branch", {{"repository": name, "base_sha": base, "message": f"List tour {{n}}"}}, patch

made = {{
    "drafting": lambda n: ("document", {{}}, File("draft", "draft.md", "text/markdown", f"# Tour {{n}}".encode())),
    "research": lambda n: ("brief", {{}}, File("brief", "brief.md", "text/markdown", f"# Found {{n}}".encode())),
    "code": branch,
    "communication": lambda n: (
        "client_message", {{"subject": f"Tour {{n}}"}}, File("message", "mail.md", "text/markdown", b"Hello Marta")
    ),
}}
while run := queue.claim_run():
    if run.task is None:
        steps = [ALSO[min(run.job_id % 4, 2)], step("communication", "Tell Marta", {{}})]
        planning.accept_plan(run, steps, by="orchestrator")
        continue
    kind, fields, file = made[run.task.agent](run.job_id)
    effect = task.WantedEffect(kind, fields, [file.name])
    task.succeed(run, task.Result({{}}, "done", [file], [effect]), by="test")
for item in Review.objects.filter(kind="message"):
    review.approve(item, by=owner, version=item.version, digest=item.digest)
# Of what Slack was to be told meanwhile the last is left of each card: the others would have been there by now.
last = Delivery.objects.filter(kind="notice").exclude(card="").order_by("card", "-id")
newest = {{card: pk for card, pk in reversed(last.values_list("card", "pk"))}}
last.exclude(pk__in=newest.values()).delete()
Delivery.objects.update(ready_at=timezone.now() - timedelta(seconds=1))
print(Delivery.objects.exclude(kind="notice").count())
"""


@pytest.mark.parametrize("size", SIZES)
def test_every_effect_is_there_once(size: str, tmp_path: Path) -> None:
    site = bare_repository(tmp_path / "site.git", {"hours.py": "OPEN = '17-23'\n"})
    hub = an_owned(tmp_path / "hub", {"hours.py": "OPEN = '17-23'\n"})
    with places(hub.folder) as there:
        address = f"{there.settings['GITHUB_BASE_URL']}/{HUB}.git"
        settings = there.settings | {"NIGHTDESK_REPOSITORIES": f"site={site},hub={address}"}
        with built(tmp_path / "var", size, **settings) as house:
            house.manage("migrate", "--verbosity", "0")
            house.set_up()
            bases = {"site": git(site, "rev-parse", "main").strip(), "hub": hub.sha()}
            script = _DECIDE.format(jobs=JOBS, **bases)
            assert house.manage("shell", "--no-imports", "-c", script).split()[-1] == str(2 * JOBS)
            house.start()
            with killing(house, every=KILL_EVERY_SECONDS) as killed:
                house.wait_for("enough kills", lambda: len(killed) >= AT_LEAST_KILLED, seconds=60)
                house.wait_for("most of it", lambda: still_open(house) <= STILL_OPEN, seconds=900)
            house.wait_for("the end of it", lambda: not still_open(house), seconds=OPEN_AFTER_SECONDS)
            check(house, there.found(), site, hub)
            # What a start finds by our mark is what was delivered.
            assert house.manage("shell", "--no-imports", "-c", _COMPARE).split()[-1] == "0"


_COMPARE = "from integrations import reconciler; print(reconciler.look())"


def still_open(house: House) -> int:
    """How many effects, messages to Slack too, still go on without a person."""
    moving = "state IN ('pending', 'sending') OR (state = 'unknown' AND ready_at < '2200-01-01')"
    ((count,),) = house.rows(f"SELECT count(*) FROM jobs_delivery WHERE {moving}")
    return int(count)


def check(house: House, found: Found, site: Path, hub: Owned) -> None:
    assert not found.wrong
    assert all(found.lost.values()), found.lost
    states = Counter(house.rows("SELECT kind, target, state FROM jobs_delivery WHERE kind <> 'notice'"))
    failed = house.rows("SELECT key, reason FROM jobs_delivery WHERE state = 'failed'")
    assert not failed
    one_each = (("document", "folder"), ("brief", "notion"), ("branch", "git"), ("branch", "github"))
    for kind, target in one_each:
        assert states[kind, target, "delivered"] == EACH, states
    unknown = states["client_message", "mail", "unknown"]
    assert states["client_message", "mail", "delivered"] + unknown == JOBS, states
    check_files_and_rows(house, found)
    check_branches(house, found, site, hub)
    check_messages(house, found)
    asked = "SELECT count(*) FROM jobs_review WHERE kind = 'failure' AND state = 'open'"
    assert house.rows(asked) == [(unknown,)], "each mail in doubt is with a person"


def check_files_and_rows(house: House, found: Found) -> None:
    placed = [path for path in (house.folder / "folder").glob("2*/*/*") if path.name != "index.html"]
    assert len([path for path in placed if path.is_file()]) == EACH
    assert sorted(found.rows) == column(house, "notion")


def check_branches(house: House, found: Found, site: Path, hub: Owned) -> None:
    refs = git(site, "for-each-ref", "--format=%(objectname)", "refs/heads/agent").splitlines()
    assert sorted(refs) == column(house, "git")
    there = {ref: sha for ref, sha in hub.refs().items() if ref.startswith("refs/heads/agent/")}
    assert sorted(there.values()) == column(house, "github")
    assert sorted(found.updates) == sorted(there), "each branch was pushed once"
    assert sorted(found.pulls) == sorted((ref.removeprefix("refs/heads/"), sha) for ref, sha in there.items())


def check_messages(house: House, found: Found) -> None:
    """One mail a key at most; in Slack one message for each job and for each decision."""
    sent = Counter(found.mails)
    assert max(sent.values()) == 1, "no mail twice"
    assert set(column(house, "mail")) <= set(sent), "what is called delivered was sent"
    shown = house.rows("SELECT DISTINCT card FROM jobs_delivery WHERE target = 'slack' AND card <> ''")
    assert sorted(found.messages) == sorted(card for (card,) in shown)
    assert len([card for card in found.messages if card.startswith("job:")]) == JOBS


def column(house: House, target: str) -> list[str]:
    """What the target calls the effects that were made there."""
    made = f"target = '{target}' AND state = 'delivered'"
    found = house.rows(f"SELECT external_id FROM jobs_delivery WHERE {made}")
    return sorted(external_id for (external_id,) in found)
