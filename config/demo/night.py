"""What happened in the made-up night: clients, rules, messages, branches, a question, failures, finished work."""

import datetime
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Item:
    """One job of the night. `at` is the clock time at which it ended; `cost` is in micro-USD."""

    at: str
    client: str
    title: str
    brief: str
    cost: int
    text: str = ""
    summary: str = ""
    # So many hours after the night was seeded it is due; none: no time is set.
    due_in: int = field(default=0, kw_only=True)
    due_at: datetime.datetime | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Change:
    """An edit of one file of a demo repository."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class CodeItem(Item):
    """A job whose result is a branch."""

    repository: str = "site"
    changes: tuple[Change, ...] = ()
    tests: str = ""
    passed: bool = True


@dataclass(frozen=True)
class QuestionItem(Item):
    """A job that waits for an answer."""

    suggestions: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FailureItem(Item):
    """A job that failed; `text` is the cause, `fix` what helps, `given` what its agent was asked."""

    fix: str = ""
    agent: str = "research"
    given: dict[str, object] = field(default_factory=dict)


CLIENTS = [
    ("trattoria-lume", "Trattoria Lume", ["marta@trattoria-lume.example"], "warm, brief, first name"),
    ("nordlicht", "Nordlicht GmbH", ["einkauf@nordlicht.example"], "formal, exact, no exclamation marks"),
    ("studio-kaya", "Studio Kaya", ["kaya@studio-kaya.example"], "friendly, visual, direct"),
    ("bergwerk", "Bergwerk Outdoor", ["team@bergwerk-outdoor.example"], "plain, practical"),
]

# What the schedule asks for; its slot lies in the night.
BRIEFING = "Briefing of the day"

# (slug, name, source, conditions, title, brief, client, priority)
TRIGGERS = [
    ("enquiry", "Enquiry from the website", "form", {}, "Enquiry: {subject}", "{message}", "bergwerk", 1),
    ("ticket", "Ticket from the shop system", "standard", {}, "{summary}", "{text}", "nordlicht", 1),
    (
        "bug",
        "Issue labelled “agent”",
        "github",
        {"event": "issues.labeled", "label": "agent"},
        "{title}",
        "Fix this issue.\n\n{title}\n\n{body}",
        "",
        2,
    ),
    (
        "briefing",
        "Briefing every morning",
        "schedule",
        {"when": "every day at 4:40"},
        BRIEFING,
        "Write the briefing of the day from yesterday's notes: three points, each with its source.",
        "",
        2,
    ),
]

MESSAGES = [
    Item(
        "22:41",
        "trattoria-lume",
        "Welcome: decide your first item",
        "Show the owner how the inbox works.",
        21_000,
        "Hi Marta,\n\nthis is the kind of message that waits for you every morning. Nothing of it has left the"
        " house.\n\n**Four things to try:**\n\n1. *Approve* it. It leaves 30 seconds later, so there is time to"
        " undo.\n2. *Undo* that.\n3. *Edit* it: what you save is exactly what is sent.\n"
        "4. *Ask for a revision* with a note; a new version comes back.\n\nIn this demo, mail becomes a file on"
        " this machine.\n\nWarm regards",
        due_in=3,
    ),
    Item(
        "22:58",
        "trattoria-lume",
        "Status: new hero section",
        "Tell Marta where the new hero section stands.",
        184_000,
        "Hi Marta,\n\nthank you for the photos. The **new hero section is ready for your review** on staging, and"
        " two details changed since our call on Thursday:\n\n1. The booking button now stays visible while"
        " scrolling on phones.\n2. Opening hours come straight from your calendar, so you only edit them once.\n\n"
        "| Page | Before | Now |\n|---|---|---|\n| Home | 3.4 s | 1.1 s |\n| Menu | 2.9 s | 0.9 s |\n\nIf you are"
        " happy with it we can go live **on Tuesday at 07:00**, before you open. Is the winter menu final, or"
        " should we wait for the two new desserts?\n\nWarm regards",
    ),
    Item(
        "23:20",
        "nordlicht",
        "Reply: delivery note missing on order 48213",
        "A customer's delivery note is missing. Answer the ticket.",
        96_000,
        "Dear Sir or Madam,\n\nthe delivery note of order 48213 was not created because the order was split into"
        " two parcels. We have created it again; it is attached to both parcels in your portal.\n\nThe cause is"
        " known: the export skips an order that changes between 18:00 and 18:05. A correction is ready for your"
        " review.\n\nYours faithfully",
        due_in=6,
    ),
    Item(
        "23:47",
        "bergwerk",
        "Proposal: outdoor shop relaunch",
        "Draft the proposal from last week's notes.",
        412_000,
        "Hello,\n\nhere is the proposal we spoke about, in three parts that can be ordered one by one.\n\n"
        "| Part | What you get | Weeks | Price |\n|---|---|---|---|\n| 1 | Shop and search | 3 | 7,400 € |\n"
        "| 2 | Product advice pages | 2 | 4,200 € |\n| 3 | Moving the old orders | 1 | 3,200 € |\n\nThe first part"
        " stands alone: if you stop after it, you have a shop that works. We can begin on 7 December.\n\nKind"
        " regards",
    ),
    Item(
        "00:12",
        "studio-kaya",
        "Cover note for the winter newsletter draft",
        "Send Kaya the newsletter draft for approval.",
        143_000,
        "Hi Kaya,\n\nthe winter newsletter is drafted: one long picture, three short texts, one button. I kept"
        " your line about the late light; the other two texts are new.\n\nTwo questions before it goes out: may"
        " we name the gallery, and is the 12th still the date?\n\nBest",
    ),
    Item(
        "00:40",
        "nordlicht",
        "Monthly report: November",
        "Write the cover mail for the monthly report.",
        118_000,
        "Dear Sir or Madam,\n\nplease find below the three figures of November.\n\n- Availability: 99.97 % (October"
        " 99.91 %)\n- Orders processed: 18,204\n- Open tickets at month's end: 4, the oldest from the 19th\n\nOne"
        " decision is yours: the export at 18:00 collides with the stock run. We suggest 18:20.\n\nYours"
        " faithfully",
    ),
    Item(
        "01:05",
        "bergwerk",
        "Answer: can we sell vouchers by January?",
        "Answer the enquiry about vouchers.",
        74_000,
        "Hello,\n\nyes: vouchers by 15 January are realistic. They need one page, one mail template and a change"
        " to the basket, about four days in all.\n\nWhat we need from you is the wording your tax adviser wants"
        " on the voucher.\n\nKind regards",
    ),
    Item(
        "01:33",
        "trattoria-lume",
        "Reminder: two desserts for the winter menu",
        "Ask Marta for the missing menu texts.",
        41_000,
        "Hi Marta,\n\nthe winter menu is complete but for the two desserts. If you send me one sentence each by"
        " Monday noon, they are on the site when you open.\n\nWarm regards",
    ),
    Item(
        "02:02",
        "studio-kaya",
        "Offer: two more languages",
        "Answer how much a French and Italian version costs.",
        88_000,
        "Hi Kaya,\n\nFrench and Italian together are 1,900 €: the texts, the address scheme and the language"
        " switch. If you bring your own translations it is 700 €.\n\nBoth can be ready ten days after you say"
        " go.\n\nBest",
    ),
    Item(
        "02:31",
        "nordlicht",
        "Announcement: maintenance on Sunday",
        "Announce Sunday's maintenance.",
        52_000,
        "Dear Sir or Madam,\n\non Sunday, 29 November, from 06:00 to 07:30 the portal is read-only while the"
        " database moves. Orders sent in this time are kept and processed afterwards.\n\nYours faithfully",
    ),
    Item(
        "03:08",
        "bergwerk",
        "Summary of the call about product photos",
        "Send a summary of yesterday's call.",
        69_000,
        "Hello,\n\nwhat we agreed yesterday:\n\n- 120 products are photographed first, the tents last.\n- White"
        " ground, one picture in use.\n- You send the samples; we return them within a week.\n\nOpen: who writes"
        " the captions.\n\nKind regards",
    ),
    Item(
        "03:44",
        "trattoria-lume",
        "Answer to a review from a guest",
        "Draft an answer to the two-star review.",
        47_000,
        "Hi Marta,\n\na guest gave two stars because of the wait on Friday. I would answer like this:\n\n> Thank"
        " you for telling us. On Friday two of us were ill, and you waited far too long. Come back on a Tuesday:"
        " the first glass is ours.\n\nShall I post it?\n\nWarm regards",
    ),
    Item(
        "04:20",
        "studio-kaya",
        "Invoice draft 2026-114",
        "Prepare the invoice for November.",
        58_000,
        "Hi Kaya,\n\nNovember comes to 1,480 €: twelve hours for the archive (1,200 €) and the extra font licence"
        " (280 €). The invoice follows once you say it is right.\n\nBest",
    ),
]

_VAT_OLD = "def vat(net_cents, rate):\n    return round(net_cents * rate / 100)\n"
_VAT_NEW = (
    "from decimal import ROUND_HALF_UP, Decimal\n\n\ndef vat(net_cents, rate):\n"
    "    exact = Decimal(net_cents) * Decimal(rate) / 100\n"
    '    return int(exact.quantize(Decimal("1"), rounding=ROUND_HALF_UP))\n'
)
_HOURS_OLD = "OPENING = {'tue': '17-23', 'wed': '17-23'}\n"
_HOURS_NEW = "OPENING = {'tue': '17-23', 'wed': '17-23', 'sun': '12-21'}\n"
_EXPORT_OLD = "EXPORT_AT = '18:00'\n"
_EXPORT_NEW = "# The stock run holds the table from 18:00 to 18:05.\nEXPORT_AT = '18:20'\n"
_TITLE_OLD = "<title>Bergwerk</title>\n"
_TITLE_NEW = "<title>Bergwerk Outdoor: tents, ropes, advice</title>\n"

REPOSITORIES = {
    "shop": {"shop/vat.py": _VAT_OLD, "shop/export.py": _EXPORT_OLD, "README.md": "# Shop\n"},
    "site": {"site/hours.py": _HOURS_OLD, "site/index.html": _TITLE_OLD, "README.md": "# Site\n"},
}

CODE = [
    CodeItem(
        "23:02",
        "nordlicht",
        "Fix VAT rounding at checkout",
        "Half a cent is rounded to even; invoices need it rounded up.",
        640_000,
        summary="+5 -1 in 1 file, 214 tests pass",
        repository="shop",
        changes=(Change("shop/vat.py", _VAT_OLD, _VAT_NEW),),
        tests="214 passed in 3.12s\n",
        text="Rounds half a cent up, as the tax office asks. Invoices that are out already keep their sums.",
    ),
    CodeItem(
        "00:25",
        "trattoria-lume",
        "Show Sunday's opening hours",
        "The site has no hours for Sunday.",
        210_000,
        summary="+1 -1 in 1 file, 31 tests pass",
        repository="site",
        changes=(Change("site/hours.py", _HOURS_OLD, _HOURS_NEW),),
        tests="31 passed in 0.40s\n",
        text="Adds Sunday, 12 to 21 o'clock.",
    ),
    CodeItem(
        "01:50",
        "nordlicht",
        "Move the export away from the stock run",
        "The export at 18:00 skips orders.",
        330_000,
        summary="+2 -1 in 1 file, 214 tests pass",
        repository="shop",
        changes=(Change("shop/export.py", _EXPORT_OLD, _EXPORT_NEW),),
        tests="214 passed in 3.09s\n",
        text="The export starts when the stock run is over.",
    ),
    CodeItem(
        "04:55",
        "bergwerk",
        "A page title that says what is sold",
        "The title of the start page is only the name.",
        150_000,
        summary="+1 -1 in 1 file, 1 of 31 tests fails",
        repository="site",
        changes=(Change("site/index.html", _TITLE_OLD, _TITLE_NEW),),
        tests="FAILED tests/test_head.py::test_title_is_short\n1 failed, 30 passed in 0.42s\n",
        passed=False,
        text="One test wants titles under 30 characters; it fails with the new title. Yours to decide.",
    ),
]

QUESTIONS = [
    QuestionItem(
        "01:18",
        "studio-kaya",
        "Winter campaign for the shop",
        "Make a winter campaign.",
        38_000,
        text="Which of the three should the winter campaign sell?",
        suggestions=["The prints, as last year", "The calendar", "Both, the calendar first"],
    ),
]

FAILURES = [
    FailureItem(
        "03:15",
        "",
        "Import of the analytics export",
        "Import the analytics export at https://analytics.example/export and sum up the week.",
        12_000,
        text="https://analytics.example/export answered 403 three times: the access was withdrawn.",
        fix="Renew the access of the export address, then retry. Nothing was written.",
        given={"question": "What happened this week?", "sources": ["https://analytics.example/export"]},
    ),
    FailureItem(
        "04:31",
        "nordlicht",
        "Compare the three hosting offers",
        "Compare the three hosting offers in the attached files.",
        2_000_000,
        text="The next call may cost $0.31; this job has spent $2.00 of $2.00.",
        fix="Raise its budget and retry, or end it. Two of three offers are compared already.",
        agent="drafting",
        given={"kind": "report", "audience": "the client", "instructions": "One table, one recommendation."},
    ),
]

# Finished without a person: (at, client, title, cost, findings or text).
DONE = [
    ("22:20", "", "Notes of the day, sorted", 31_000),
    ("22:33", "nordlicht", "Ticket 48190: cause found", 84_000),
    ("22:49", "", "Competitor prices, week 47", 162_000),
    ("23:05", "bergwerk", "Research: voucher law in short", 140_000),
    ("23:15", "", "Draft: why we answer by noon", 121_000),
    ("23:31", "trattoria-lume", "Menu texts, proof-read", 57_000),
    ("23:40", "studio-kaya", "Alt texts for 38 pictures", 93_000),
    ("23:58", "", "Broken links on our own site", 44_000),
    ("00:06", "nordlicht", "Log reading: the 18:00 export", 175_000),
    ("00:19", "bergwerk", "Captions for 20 tents", 82_000),
    ("00:33", "", "Minutes of the Monday meeting", 39_000),
    ("00:48", "studio-kaya", "Newsletter, second version", 101_000),
    ("00:59", "", "Reading list: static analysis", 66_000),
    ("01:11", "trattoria-lume", "Allergens table, checked", 48_000),
    ("01:26", "nordlicht", "Figures of November", 137_000),
    ("01:41", "", "Draft: price list 2027", 88_000),
    ("01:57", "bergwerk", "Notes of the call on photos", 52_000),
    ("02:10", "", "Glossary for new colleagues", 71_000),
    ("02:24", "studio-kaya", "Language versions: effort", 64_000),
    ("02:45", "", "Weekly review of open drafts", 59_000),
    ("02:55", "nordlicht", "Maintenance plan for Sunday", 92_000),
    ("03:21", "trattoria-lume", "Guest reviews of the week", 45_000),
    ("03:33", "", "Backup report", 18_000),
    ("03:52", "bergwerk", "Product data: 14 gaps named", 77_000),
    ("04:05", "", "Ideas for the spring talk", 83_000),
    ("04:14", "studio-kaya", "Hours of November", 29_000),
    ("04:42", "", BRIEFING, 96_000),
]

# The one job that is opened before the owner's eyes.
LIVE = {
    "subject": "Guided winter tours",
    "message": "We want to announce three guided winter tours on our site. Please draft a short article about"
    " them, have it reviewed, and tell us in a mail when it is ready and what you need from us.",
}
