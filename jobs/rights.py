"""What a person may do, by the group that they are in: pure data, the one table that every door asks.

Rights have the names of Django's permissions, so that pages, templates and the engine room ask in the same way.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

OWNER, REVIEWER, READER = "owner", "reviewer", "read-only"

READ = "jobs.read"  # every page but the set-up: items, jobs, nights, money, rules, what came in
DECIDE = "jobs.decide"  # decide what waits; start jobs again, end them, change their place in the queue
CHANGE_RULES = "jobs.change_trigger"  # write, switch and test rules; run what came in through them again
CHANGE_CLIENTS = "jobs.change_client"  # whom work is for, and the addresses that messages can go to
CHANGE_BUDGETS = "jobs.change_budget"  # what a day, a night or a client may cost
CHANGE_SETUP = "jobs.change_checkup"  # see what this house is connected to, and have it tested
SEE_SECRETS = "jobs.see_secrets"  # what senders prove themselves with
ENTER_ROOM = "jobs.enter_room"  # the engine room

ALL = frozenset({READ, DECIDE, CHANGE_RULES, CHANGE_CLIENTS, CHANGE_BUDGETS, CHANGE_SETUP, SEE_SECRETS, ENTER_ROOM})
GROUPS: dict[str, frozenset[str]] = {
    OWNER: ALL,
    REVIEWER: frozenset({READ, DECIDE}),
    READER: frozenset({READ}),
}
# What a group is called on the pages, and what it may.
ABOUT: Mapping[str, tuple[Any, Any]] = {
    OWNER: (_("owner"), _("may do everything, the engine room included")),
    REVIEWER: (_("reviewer"), _("reads, decides what waits, and steers jobs")),
    READER: (_("reads only"), _("reads, and decides nothing")),
}


def of(groups: Iterable[str]) -> frozenset[str]:
    """The rights that these groups give together; a group of another name gives none."""
    return frozenset().union(*(GROUPS.get(name, frozenset()) for name in groups))
