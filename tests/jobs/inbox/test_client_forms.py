"""A client as people write them down."""

import pytest
from pytest_django import Settings

from jobs.inbox.client_forms import ClientForm
from jobs.models import Client

pytestmark = pytest.mark.django_db


def errors(**given: str) -> dict[str, list[str]]:
    form = ClientForm({"name": "Bergwerk"} | given)
    form.is_valid()
    return {name: [str(one) for one in problems] for name, problems in form.errors.items()}


def test_recipients_are_a_line_each_and_each_once() -> None:
    form = ClientForm({"name": "Bergwerk", "recipients": " a@example.com,\r\n\r\nb@example.com\nA@example.com\n"})
    assert form.is_valid(), form.errors
    assert form.columns()["recipients"] == ["A@example.com", "b@example.com"]
    assert ClientForm.slug("Bergwerk Ähre & Co.") == "bergwerk-ahre-co"


def test_recipients_may_be_pasted_as_a_mail_program_has_them() -> None:
    form = ClientForm(
        {"name": "Bergwerk", "recipients": 'Marta <a@example.com>; "L. Lea" <b@example.com>, c@example.com'}
    )
    assert form.is_valid(), form.errors
    assert form.columns()["recipients"] == ["a@example.com", "b@example.com", "c@example.com"]


def test_every_line_that_is_no_address_is_named() -> None:
    said = errors(recipients="a@example.com\nmarta at example\nx@\n")["recipients"]
    assert said == ["“marta at example”, “x@” are no mail addresses. Write one a line, such as marta@example.com."]
    assert errors(recipients="x@")["recipients"][0].startswith("“x@” is no mail address.")
    assert "at most 50" in errors(recipients="\n".join(f"a{n}@example.com" for n in range(51)))["recipients"][0]


def test_a_name_is_needed_and_has_an_address_of_its_own(trattoria: Client) -> None:
    assert errors(name="")["name"] == ["This field is required."]
    assert errors(name="!!!")["name"] == ["Write a name with a letter or a digit in it."]
    assert errors(name="New")["name"] == ["There is a client at the address “new” already."]
    assert "trattoria-lume" in errors(name="Trattoria: Lume")["name"][0]
    assert errors(name="Trattoria Lume")["name"], "the very same name"


def test_a_client_that_is_there_fills_its_form(trattoria: Client) -> None:
    text = ClientForm(instance=trattoria).as_p()
    assert "marta@example.com</textarea>" in text
    assert 'name="seen" value="' in text


def test_a_channel_is_named_by_its_id_and_decides_the_way(settings: Settings) -> None:
    assert errors(slack_channel="#lume")["slack_channel"] == [
        "Write the channel's id, as in C0123ABCD, not its name."
    ]
    form = ClientForm({"name": "Bergwerk", "recipients": "a@example.com", "slack_channel": "C0123ABCD"})
    assert form.is_valid(), form.errors
    assert form.way == ("mail", ["a@example.com"]), "Slack is not connected"
    settings.CHANNELS_BY = "slack_connect"
    assert form.way == ("slack_connect", ["C0123ABCD"])
