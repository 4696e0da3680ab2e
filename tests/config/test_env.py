"""The typed readers of the environment."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from config import env

NAME = "NIGHTDESK_SAMPLE"


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A function that sets the variable."""
    return lambda value: monkeypatch.setenv(NAME, value)


def test_text_loses_its_outer_space(says: Callable[[str], None]) -> None:
    says("  a name \n")
    assert env.text(NAME) == "a name"


def test_a_missing_variable_is_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAME, raising=False)
    assert env.text(NAME) == ""
    assert env.text(NAME, "usual") == "usual"
    assert env.boolean(NAME, default=True) is True
    assert env.integer(NAME, default=7) == 7
    assert env.duration(NAME, default="5m") == timedelta(minutes=5)
    assert env.microusd(NAME, default="0.50") == 500_000
    assert env.listing(NAME, default=["a"]) == ["a"]
    assert env.mapping(NAME) == {}


def test_a_choice_is_one_of_the_words_that_are_known(says: Callable[[str], None]) -> None:
    says("")
    assert env.choice(NAME, default="en", known=["en", "de"]) == "en"
    says("de")
    assert env.choice(NAME, default="en", known=["en", "de"]) == "de"
    says("at")
    with pytest.raises(env.BadSetting, match=f"{NAME} is 'at': write one of en, de"):
        env.choice(NAME, default="en", known=["en", "de"])


def test_a_secret_may_come_from_a_file(
    says: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    says("from the environment")
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert env.text(NAME) == "from the file"


def test_a_secret_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "gone"))
    with pytest.raises(env.BadSetting, match=rf"{NAME}_FILE names .*gone.*No such file"):
        env.text(NAME)


def test_what_was_asked_for_is_known_whether_it_is_set_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "asked", set())
    monkeypatch.delenv(NAME, raising=False)
    env.text(NAME)
    env.mapping("SAMPLE_PAIRS")
    assert env.asked == {NAME, "SAMPLE_PAIRS"}


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("on", True), ("TRUE", True), ("yes", True), ("1", True), ("off", False), ("False", False), ("0", False)],
)
def test_a_boolean_has_several_spellings(says: Callable[[str], None], value: str, meaning: bool) -> None:
    says(value)
    assert env.boolean(NAME, default=not meaning) is meaning


@pytest.mark.parametrize(
    ("value", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("5m", timedelta(minutes=5)),
        ("2h", timedelta(hours=2)),
        ("1d", timedelta(days=1)),
        ("0s", timedelta()),
    ],
)
def test_a_duration_is_a_number_and_a_unit(says: Callable[[str], None], value: str, span: timedelta) -> None:
    says(value)
    assert env.duration(NAME, default="9s") == span


@pytest.mark.parametrize(
    ("value", "amount"), [("20", 20_000_000), ("0.50", 500_000), ("0", 0), ("1e1", 10_000_000)]
)
def test_money_is_kept_in_whole_micro_usd(says: Callable[[str], None], value: str, amount: int) -> None:
    says(value)
    assert env.microusd(NAME, default="1") == amount


@pytest.mark.parametrize(
    ("read", "value", "told"),
    [
        (lambda: env.boolean(NAME, default=False), "maybe", "write on or off"),
        (lambda: env.integer(NAME, default=1), "many", "a whole number from 0"),
        (lambda: env.integer(NAME, default=1), "1.5", "a whole number from 0"),
        (lambda: env.integer(NAME, default=1), "--5", "a whole number from 0"),
        (lambda: env.integer(NAME, default=1), "²", "a whole number from 0"),
        (lambda: env.integer(NAME, default=8, minimum=2), "1", "a whole number from 2"),
        (lambda: env.duration(NAME, default="5m"), "5", "30s or 5m"),
        (lambda: env.duration(NAME, default="5m"), "5 m", "30s or 5m"),
        (lambda: env.duration(NAME, default="5m"), "-5m", "30s or 5m"),
        (lambda: env.microusd(NAME, default="1"), "-1", "an amount in USD"),
        (lambda: env.microusd(NAME, default="1"), "$5", "an amount in USD"),
        (lambda: env.microusd(NAME, default="1"), "NaN", "an amount in USD"),
        (lambda: env.microusd(NAME, default="1"), "Infinity", "an amount in USD"),
        (lambda: env.mapping(NAME), "site", "write name=value"),
        (lambda: env.mapping(NAME), "site=/a,=/b", "write name=value"),
        (lambda: env.mapping(NAME), "site=", "write name=value"),
        (lambda: env.mapping(NAME), "site=cd app; make", "write name=value"),
        (lambda: env.mapping(NAME, known=["site"]), "site=cd app; A=1 make", "'A': write one of site"),
        (lambda: env.mapping(NAME, known=[]), "site=make", "'site': write one of none"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    says: Callable[[str], None], read: Callable[[], object], value: str, told: str
) -> None:
    says(value)
    with pytest.raises(env.BadSetting, match=f"^{NAME} .*{told}"):
        read()


def test_a_list_drops_what_is_empty(says: Callable[[str], None]) -> None:
    says(" a, b ,,c,")
    assert env.listing(NAME) == ["a", "b", "c"]


def test_a_mapping_keeps_what_follows_the_first_equals_sign(says: Callable[[str], None]) -> None:
    says("site=/srv/site.git, shop=https://git.example/?a=b")
    assert env.mapping(NAME) == {"site": "/srv/site.git", "shop": "https://git.example/?a=b"}


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("site=pytest -k a,b; shop=make x,y", {"site": "pytest -k a,b", "shop": "make x,y"}),
        ("site=pytest -k a,b;", {"site": "pytest -k a,b"}),
        ("site=pytest -k a,b\n\nshop=cd x; make\n", {"site": "pytest -k a,b", "shop": "cd x; make"}),
    ],
)
def test_values_of_a_mapping_may_hold_commas(
    says: Callable[[str], None], value: str, meaning: dict[str, str]
) -> None:
    says(value)
    assert env.mapping(NAME, known=["shop", "site"]) == meaning


def test_a_variable_that_nothing_reads_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("NIGHTDESK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NIGHTDESK_LEASE_FILE", "/a/file")
    monkeypatch.setenv("OTHER_LEASE", "60s")
    env.refuse_unknown({"NIGHTDESK_LEASE"})
    monkeypatch.setenv("NIGHTDESK_LAESE", "60s")
    with pytest.raises(env.BadSetting, match=r"NIGHTDESK_LAESE is not a setting.*NIGHTDESK_LEASE"):
        env.refuse_unknown({"NIGHTDESK_LEASE"})


def test_a_file_fills_in_what_the_environment_leaves_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("SAMPLE_A", "SAMPLE_B", "SAMPLE_C", "SAMPLE_D"):
        # Set, then removed: what the file sets goes with the test.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("SAMPLE_SET", "stays")
    path = tmp_path / ".env"
    path.write_text(
        '# SAMPLE_C=no\nSAMPLE_A = plain\nSAMPLE_B="quoted=1"\n\nSAMPLE_SET=lost\na word\nSAMPLE_D=run "a,b"\n'
    )
    env.load_file(path)
    assert os.environ["SAMPLE_A"] == "plain"
    assert os.environ["SAMPLE_B"] == "quoted=1"
    assert os.environ["SAMPLE_D"] == 'run "a,b"', "a quote at the end alone belongs to the value"
    assert os.environ["SAMPLE_SET"] == "stays"
    assert "SAMPLE_C" not in os.environ


def test_a_missing_file_sets_nothing(tmp_path: Path) -> None:
    before = dict(os.environ)
    env.load_file(tmp_path / ".env")
    assert dict(os.environ) == before


class TestMailServer:
    @pytest.mark.parametrize(
        ("url", "expected"),
        [
            ("smtps://a%40b:p%2Fw@mail.example.com", ("mail.example.com", 465, "a@b", "p/w", True, False)),
            ("smtp+tls://u:p@mail.example.com:2587", ("mail.example.com", 2587, "u", "p", False, True)),
            ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "", "", False, False)),
        ],
    )
    def test_an_address_becomes_django_settings(
        self, url: str, expected: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        found = env.mail_server("EMAIL_URL")
        names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_SSL", "USE_TLS")
        assert tuple(found[f"EMAIL_{name}"] for name in names) == expected

    def test_without_one_nothing_is_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("EMAIL_URL", raising=False)
        assert env.mail_server("EMAIL_URL") == {}

    @pytest.mark.parametrize("url", ["smtp://mail.example.com", "https://mail.example.com", "smtps://"])
    def test_what_would_send_in_the_clear_or_nowhere_is_refused(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        with pytest.raises(env.BadSetting, match="smtp"):
            env.mail_server("EMAIL_URL")


class TestMailProvider:
    @pytest.mark.parametrize(
        ("url", "provider", "keys"),
        [
            ("postmark://Aa-1.x", "postmark", {"POSTMARK_SERVER_TOKEN": "Aa-1.x"}),
            ("resend://re%5FKey/", "resend", {"RESEND_API_KEY": "re_Key"}),
            (
                "mailgun://Key@mg.example.com",
                "mailgun",
                {"MAILGUN_API_KEY": "Key", "MAILGUN_SENDER_DOMAIN": "mg.example.com"},
            ),
            ("mailjet://a:b", "mailjet", {"MAILJET_API_KEY": "a", "MAILJET_SECRET_KEY": "b"}),
            ("smtps://u:p@mail.example.com", "", {}),
            ("", "", {}),
        ],
    )
    def test_an_address_becomes_the_providers_keys(
        self, url: str, provider: str, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        assert env.mail_provider("EMAIL_URL") == (provider, keys)
        assert bool(env.mail_server("EMAIL_URL")) == url.startswith("smtp")

    @pytest.mark.parametrize("url", ["postmark://", "postmark://a:b", "mailgun://key", "mailjet://a"])
    def test_a_key_that_is_missing_or_too_much_is_named(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        with pytest.raises(env.BadSetting, match="EMAIL_URL must look like"):
            env.mail_provider("EMAIL_URL")


def test_a_listing_says_which_of_its_names_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME", "shop,shpo")
    assert env.listing("SOME") == ["shop", "shpo"]
    with pytest.raises(env.BadSetting, match="SOME names 'shpo': write one of shop, site"):
        env.listing("SOME", known=["site", "shop"])


def test_a_time_of_day_is_read_and_a_wrong_one_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUR", "06:30")
    assert env.clock("HOUR", default="07:00").isoformat() == "06:30:00"
    monkeypatch.delenv("HOUR")
    assert env.clock("HOUR", default="07:00").hour == 7
    monkeypatch.setenv("HOUR", "half past six")
    with pytest.raises(env.BadSetting, match="HOUR is 'half past six': write a time of day such as 07:00"):
        env.clock("HOUR", default="07:00")
