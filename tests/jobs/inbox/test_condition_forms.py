"""Conditions as a form: what was kept survives, what is wrong is told where it stands, rows come and go."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation
from pydantic import BaseModel, Field

from config.demo import night
from integrations import registry
from integrations.github.rules import TEMPLATES
from jobs.inbox import asking
from jobs.inbox.condition_forms import MOST_ROWS, ConditionsForm, rearranged
from jobs.lifecycle import rule as rules

SOURCES = [*registry.SOURCES, "schedule"]
# German has these words too.
SAME = {"Name", "Labels", "Branches", "Repositories"}
NAME: dict[str, Any] = {"name": "name", "label": "Your name", "required": True}
SIZE = {"name": "size", "label": "Size", "kind": "select", "options": ["S", "L"]}
# As people and programs have written them: single values, other orders, what is usual said out loud.
WRITTEN: list[tuple[str, dict[str, Any]]] = [
    ("form", {"fields": [NAME, SIZE], "heading": "Ask", "intro": "One\nTwo", "thanks": ""}),
    ("form", {"fields": [{"name": "a", "label": "A", "kind": "text", "options": [], "required": False}]}),
    ("form", {"fields": [{"label": "Wie groß?"}]}),
    ("standard", {}),
    ("standard", {"types": []}),
    ("standard", {"types": ["b", "a"]}),
    ("github", {"event": ["push", "issues.labeled", "team.created"], "action": [], "author_association": "ANY"}),
    ("github", {"event": "workflow_run", "conclusion": ["timed_out", "failure"], "branch": "release/*"}),
    ("github", {"event": "issues", "author_association": ["COLLABORATOR", "OWNER"], "label": ["a, b", "c"]}),
    ("mail", {"sender": "*@example.com", "unverified": True, "has_attachment": False}),
    ("mail", {"list_id": ["x"], "automatic": True, "has_attachment": None, "subject": [" padded "]}),
    ("slack", {"kind": "reply", "channel": "C0123ABCD", "user": ["U0123ABCD"]}),
    ("notion", {"event": "page.created"}),
    ("schedule", {"when": "every hour", "timezone": "Etc/GMT+3", "jitter": 60, "catch_up": "latest"}),
    ("schedule", {"cron": "0 6 * * *", "overlap": "queue", "catch_up": "none"}),
]


def known() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every set of conditions in the repository: of rules to begin with, of the demo, of examples, as written."""
    for source in SOURCES:
        beside = asking.beside(rules.model_of(source).model_config.get("json_schema_extra"))
        yield from ((source, conditions) for conditions in beside["examples"])
    yield from (("github", template.conditions) for template in TEMPLATES)
    yield from ((source, conditions) for _slug, _name, source, conditions, *_more in night.TRIGGERS)
    readme = Path(registry.__file__).with_name("README.md").read_text()
    yield from (("schedule", json.loads(found)) for found in re.findall(r'^\{"when".*\}$', readme, re.MULTILINE))
    yield from WRITTEN


def sent(form: ConditionsForm) -> QueryDict:
    """What a browser sends of the form, as it is shown."""
    data = QueryDict(mutable=True)
    for field in form:
        value = field.field.prepare_value(field.value())
        if isinstance(value, list):
            data.setlist(field.html_name, value)
        elif value is True:
            data[field.html_name] = "on"
        elif value is not False:
            data[field.html_name] = "" if value is None else str(value)
    for rows in form.rows.values():
        data[f"{rows.prefix}-rows"] = str(len(rows.forms))
        for row in rows.forms:
            for name, values in sent(row).lists():
                data.setlist(name, values)
    return data


def filled(source: str, stored: dict[str, Any] | None = None, **changes: Any) -> ConditionsForm:
    """The form as it is sent back with these changes, by the names of its fields after the prefix."""
    data = sent(ConditionsForm(rules.model_of(source), stored or {}))
    for name, value in changes.items():
        key = f"conditions-{name}"
        data.setlist(key, value) if isinstance(value, list) else data.__setitem__(key, value)
    return ConditionsForm(rules.model_of(source), stored or {}, data)


def wrong(form: ConditionsForm) -> dict[str, str]:
    """What is wrong, by where it stands."""
    assert not form.is_valid()
    found = {name: " ".join(map(str, said)) for name, said in form.errors.items()}
    for rows in form.rows.values():
        found |= {rows.name: " ".join(rows.problems)} if rows.problems else {}
        for place, row in enumerate(rows.forms):
            found |= {f"{rows.name}-{place}-{name}": str(said[0]) for name, said in row.errors.items()}
    return found


@pytest.mark.parametrize(("source", "conditions"), list(known()))
def test_what_was_kept_survives_being_opened_and_saved(source: str, conditions: dict[str, Any]) -> None:
    form = filled(source, conditions)
    assert form.is_valid(), wrong(form)
    assert json.dumps(form.stated, sort_keys=True) == json.dumps(conditions, sort_keys=True)
    rules.read_conditions(source, form.stated)


@pytest.mark.parametrize("source", SOURCES)
def test_every_condition_of_every_source_has_a_label_and_words_in_german(source: str) -> None:
    model = rules.model_of(source)
    models = [model, *filter(None, (asking.row_model(info) for info in model.model_fields.values()))]
    infos = [(name, info) for one in models for name, info in one.model_fields.items()]
    assert not [name for name, info in infos if not info.title]
    words = [info.title for _, info in infos] + [info.description for _, info in infos if info.description]
    words += [asking.beside(model.model_config.get("json_schema_extra"))["about"]]
    with translation.override("de"):
        assert not [one for one in words if asking.gettext_of(one) == one and one not in SAME]


@pytest.mark.parametrize("source", SOURCES)
def test_every_value_that_can_be_chosen_is_one_that_the_model_takes(source: str) -> None:
    for name, info in rules.model_of(source).model_fields.items():
        known = asking.beside(info.json_schema_extra).get("choices")
        literal = (
            set(re.findall(r"'([^']*)'", str(info.annotation))) if "Literal" in str(info.annotation) else set()
        )
        if literal:
            assert set(known or literal) == literal, name


def test_a_new_source_needs_nothing_here() -> None:
    class Weather(BaseModel):
        place: str = Field(default="", title="Place", description="A town.")
        colder_than: int = Field(title="Colder than", le=50)

    data = QueryDict("conditions-place=Graz&conditions-colder_than=60")
    page = render_to_string("inbox/_conditions.html", {"stated": ConditionsForm(Weather, {}, data)})
    for words in ("Place", "A town.", 'value="Graz"', "less than or equal to 50"):
        assert words in page
    form = ConditionsForm(Weather, {}, QueryDict("conditions-place=Graz&conditions-colder_than=-2"))
    assert form.is_valid()
    assert form.stated == {"place": "Graz", "colder_than": -2}


def test_only_what_differs_from_the_usual_is_kept() -> None:
    form = filled("github", event=["issues.opened"], event_more="team.created", label="a\n\n b ")
    assert form.is_valid(), wrong(form)
    assert form.stated == {"event": ["issues.opened", "team.created"], "label": ["a", "b"]}
    emptied = filled("mail", {"sender": "a@b.example", "automatic": True}, sender="")
    assert emptied.is_valid()
    assert emptied.stated == {"automatic": True}


@pytest.mark.parametrize(
    ("source", "changes", "where", "said"),
    [
        ("github", {}, "event", "Please fill this in."),
        ("github", {"event_more": "isues"}, "event", "'isues' is no event of GitHub's; there are: branch"),
        ("github", {"event": ["issues.opened"], "action": "opend"}, "action", "has no action 'opend'"),
        ("github", {"event": ["push"], "repository": "widgets"}, "repository", "owner/name"),
        ("github", {"event": ["push"], "author_association": []}, "author_association", "required"),
        ("github", {"event": ["push"], "label": "\n".join("abcdefghijklmnopqrstuvwxyz")}, "label", "at most 20."),
        ("slack", {"channel": "#general"}, "channel", "is no id of a channel"),
        ("slack", {"kind": ["shout"]}, "kind", "shout"),
        ("mail", {"sender": "x" * 201}, "sender", "at most 200 characters"),
        ("schedule", {}, "__all__", "Say when: in words"),
        ("schedule", {"when": "now and then"}, "when", "“now and then” is not understood."),
        ("schedule", {"cron": "0 6 30 2 *"}, "cron", "never comes"),
        ("schedule", {"when": "every hour", "cron": "0 6 * * *"}, "__all__", "not both"),
        ("schedule", {"when": "every hour", "jitter": "9999"}, "jitter", "less than or equal to 3600"),
        ("form", {"heading": "x" * 121}, "heading", "at most 120"),
        ("form", {"fields-0-kind": "email"}, "fields-0-label", "required"),
        (
            "form",
            {"fields-0-label": "A", "fields-0-name": "A b"},
            "fields-0-name",
            "“A b” cannot be used. What title",
        ),
        ("form", {"fields-0-label": "A", "fields-0-kind": "select"}, "fields-0-__all__", "Only “one of a list”"),
        ("form", {"fields-0-label": "A", "fields-0-name": "website"}, "fields-0-__all__", "is taken"),
    ],
)
def test_what_is_wrong_is_told_at_its_field(source: str, changes: dict[str, Any], where: str, said: str) -> None:
    found = wrong(filled(source, **changes))
    assert said in found[where], found
    assert len(found) == 1


def test_rows_that_are_wrong_together_say_so_above_them() -> None:
    changes: dict[str, Any] = {"fields-1-name": "name"}
    form = filled("form", {"fields": [NAME, SIZE]}, **changes)
    assert wrong(form) == {"fields": "Two fields have the same name."}


def test_a_row_is_written_by_its_label_and_an_empty_one_is_none() -> None:
    changes: dict[str, Any] = {"fields-0-label": "Größe (cm)", "fields-0-required": "on", "fields-rows": "3"}
    form = filled("form", **changes)
    assert form.is_valid(), wrong(form)
    assert form.stated == {"fields": [{"label": "Größe (cm)", "required": True, "name": "groe_cm"}]}


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = wrong(filled("github", event_more="isues", repository="x", author_association=[]))
    assert set(found) == {"event", "repository", "author_association"}


def test_what_no_source_knows_is_shown_and_left_out() -> None:
    form = filled("standard", {"types": ["a"], "moon": 1})
    assert form.unknown == ["moon"]
    assert form.is_valid()
    assert form.stated == {"types": ["a"]}
    assert "“moon”, which is no condition" in render_to_string("inbox/_conditions.html", {"stated": form})


def test_what_cannot_be_read_can_still_be_mended() -> None:
    broken = {"event": 5, "author_association": ["FRIEND"], "label": {"a": 1}}
    ConditionsForm(rules.model_of("github"), broken)
    form = filled("github", broken, event_more="issues", author_association=["OWNER"], label="")
    assert form.is_valid(), wrong(form)
    assert form.stated == {"event": ["issues"], "author_association": ["OWNER"]}


@pytest.mark.parametrize(
    ("do", "labels"),
    [
        ("more:conditions-fields:0", ["Your name", "Size", "", ""]),
        ("up:conditions-fields:1", ["Size", "Your name", ""]),
        ("up:conditions-fields:0", ["Your name", "Size", ""]),
        ("drop:conditions-fields:0", ["Size", ""]),
        ("drop:conditions-fields:9", ["Your name", "Size", ""]),
    ],
)
def test_rows_are_added_moved_and_taken_away_without_being_judged(do: str, labels: list[str]) -> None:
    model = rules.model_of("form")
    data = rearranged(sent(ConditionsForm(model, {"fields": [NAME, SIZE]})), do)
    assert data is not None
    form = ConditionsForm(model, {}, data, is_quiet=True)
    assert [row["label"].value() or "" for row in form.rows["fields"].forms] == labels
    assert not any(row.errors for row in form.rows["fields"].forms)
    kept = ConditionsForm(model, {}, data)
    assert kept.is_valid()
    assert [row["label"] for row in kept.stated["fields"]] == [label for label in labels if label]


@pytest.mark.parametrize(
    "do", ["", "look", "apply", "more:x", "explode:conditions-fields:0", "up:conditions-fields:x"]
)
def test_another_button_arranges_nothing(do: str) -> None:
    assert rearranged(QueryDict("conditions-fields-rows=2"), do) is None


@pytest.mark.parametrize("rows", ["999999999", "9999", "-1", "x", ""])
def test_a_page_has_an_end_whatever_is_sent(rows: str) -> None:
    form = ConditionsForm(rules.model_of("form"), {}, QueryDict(f"conditions-fields-rows={rows}"))
    assert len(form.rows["fields"].forms) <= MOST_ROWS


def test_rare_conditions_are_open_where_they_say_something_or_are_wrong() -> None:
    model = rules.model_of("github")
    assert not ConditionsForm(model, {"event": "push"}).has_rare
    assert ConditionsForm(model, {"event": "push", "conclusion": "failure"}).has_rare
    assert filled("github", event=["push"], action="opened").has_rare
    assert not filled("github", event=["push"], label="a").has_rare
