import pytest

from config import env, roles

HELD = {
    "web": {
        "GITHUB_WEBHOOK_SECRET",
        "NIGHTDESK_ARTIFACTS_KEY",
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "NOTION_WEBHOOK_SECRET",
        "ANYMAIL_WEBHOOK_SECRET",
        "ANYMAIL_MAILERSEND_INBOUND_SECRET",
        "ANYMAIL_MAILERSEND_SIGNING_SECRET",
        "ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY",
        "ANYMAIL_MAILTRAP_INBOUND_SECRET",
        "ANYMAIL_MAILTRAP_TRACKING_SECRET",
        "ANYMAIL_MANDRILL_WEBHOOK_KEY",
        "ANYMAIL_RESEND_INBOUND_SECRET",
        "ANYMAIL_RESEND_SIGNING_SECRET",
        "ANYMAIL_BREVO_API_KEY",
        "ANYMAIL_MAILTRAP_API_TOKEN",
        "ANYMAIL_RESEND_API_KEY",
    },
    "agents": {"ANTHROPIC_API_KEY", "GITHUB_READ_TOKEN", "NOTION_READ_TOKEN", "NIGHTDESK_ARTIFACTS_KEY"},
    "deliveries": {
        "EMAIL_URL",
        "IMAP_URL",
        "GITHUB_APP_KEY",
        "GITHUB_TOKEN",
        "NIGHTDESK_ARTIFACTS_KEY",
        "NIGHTDESK_FOLDER_KEY",
        "NIGHTDESK_PUSH_REPOSITORIES",
        "NIGHTDESK_WEBHOOK_SECRETS",
        "NOTION_TOKEN",
        "SLACK_BOT_TOKEN",
    },
    "socket": {"SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"},
    "mailbox": {"IMAP_URL", "NIGHTDESK_ARTIFACTS_KEY"},
}


@pytest.mark.parametrize("role", HELD)
def test_a_role_gets_its_own_secrets_and_no_other(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in roles.SECRETS:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("TIME_ZONE", "Europe/Berlin")
    environment = roles.environment(role, rehearsal=False)
    assert {name for name in roles.SECRETS if name in environment} == HELD[role]
    assert environment["TIME_ZONE"] == "Europe/Berlin"
    assert environment["NIGHTDESK_ROLE"] == role


def test_a_secret_named_by_its_file_is_withheld_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY_FILE", "/run/secrets/key")
    assert "ANTHROPIC_API_KEY_FILE" not in roles.environment("web", rehearsal=False)
    assert "ANTHROPIC_API_KEY_FILE" in roles.environment("agents", rehearsal=False)


def test_those_without_a_key_are_told_whether_there_is_one() -> None:
    assert roles.environment("web", rehearsal=True)["NIGHTDESK_REHEARSAL"] == "on"
    assert roles.environment("web", rehearsal=False)["NIGHTDESK_REHEARSAL"] == "off"


def test_a_role_knows_which_secrets_others_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in roles.SECRETS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    environment = roles.environment("agents", rehearsal=False)
    assert environment["NIGHTDESK_HELD_ELSEWHERE"] == "GITHUB_TOKEN"
    monkeypatch.delenv("GITHUB_TOKEN")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert env.is_held("GITHUB_TOKEN")
    assert not env.is_held("EMAIL_URL")
    assert env.text("GITHUB_TOKEN") == ""


def test_secrets_are_known_without_what_stands_around_them(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "NOTION_TOKEN": "ntn_0123456789",
        "EMAIL_URL": "smtps://desk%40a.example:p%40ssword-of-mail@mail.example.com",
        "NIGHTDESK_PUSH_REPOSITORIES": "site=https://x:token-of-site@git.example/site.git,docs=/srv/docs.git",
        "NIGHTDESK_WEBHOOK_SECRETS": "crm=whsec_aaaaaaaa,shop=whsec_bbbbbbbb",
        "NIGHTDESK_FOLDER_KEY": "id-of-the-key:secret-of-the-key",
    }
    for name in [*roles.SECRETS, "SECRET_KEY"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert roles.held() == {
        "NOTION_TOKEN": ["ntn_0123456789"],
        "EMAIL_URL": ["p%40ssword-of-mail", "p@ssword-of-mail"],
        "NIGHTDESK_PUSH_REPOSITORIES": ["token-of-site"],
        "NIGHTDESK_WEBHOOK_SECRETS": ["whsec_aaaaaaaa", "whsec_bbbbbbbb"],
        "NIGHTDESK_FOLDER_KEY": ["id-of-the-key:secret-of-the-key", "secret-of-the-key"],
    }
