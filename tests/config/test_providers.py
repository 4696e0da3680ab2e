from pathlib import Path

import pytest

from config import env, providers

HOUSE = providers.House(
    base_url="https://desk.example.com",
    var=Path("/v"),
    mail_from="desk@example.com",
    repositories={"site": "/site.git"},
)


def test_without_any_account_every_kind_of_effect_has_a_target_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GITHUB_HOOKS", "NOTION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    wired = providers.wire(HOUSE)
    assert providers.delivered_by(wired) == {
        "document": "folder",
        "brief": "folder",
        "branch": "git",
        "client_message": "mail",
    }
    assert set(providers.targets(wired)) == {"folder", "git", "mail"}
    assert providers.gap_finders(wired) == {}
    assert providers.probes(wired).keys() == {"folder", "git"}


def test_a_provider_that_is_connected_takes_over_what_it_delivers() -> None:
    wired = {
        "folder": providers.Wiring(target={"root": "r"}, delivers=("document",)),
        "shelf": providers.Wiring(target={"key": "k"}, delivers=("document",)),
        "unconnected": providers.Wiring(delivers=("document",)),
    }
    assert providers.delivered_by(wired) == {"document": "shelf"}


def wired_slack(monkeypatch: pytest.MonkeyPatch, **values: str) -> providers.Wiring:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return providers.slack(HOUSE)


def test_slack_shows_something_where_there_is_a_token_and_a_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wired_slack(monkeypatch, SLACK_BOT_TOKEN="xoxb-1").target is None
    wiring = wired_slack(monkeypatch, SLACK_CHANNEL="C1", SLACK_APPROVERS="U1=owner", SLACK_USERS="U2")
    assert wiring.target == {"token": "xoxb-1", "channel": "C1", "base_url": "https://slack.com/api"}
    assert wiring.source == {"users": ["U1", "U2"], "channel": "C1"}
    assert wiring.desk
    assert wiring.desk["approvers"] == {"U1": "owner"}
    assert providers.notices({"slack": wiring})["slack"]["cards"] == ["job", "review"]


def test_who_has_an_app_level_token_needs_no_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert providers.listeners({"slack": wired_slack(monkeypatch)}) == []
    wiring = wired_slack(monkeypatch, SLACK_APP_TOKEN="xapp-1")
    assert providers.listeners({"slack": wiring, "folder": providers.Wiring()}) == ["slack_socket"]


def test_a_mailbox_is_listened_to_by_whoever_may_hold_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    assert providers.mail(HOUSE).listener == ""
    monkeypatch.setenv("IMAP_URL", "imaps://desk:secret@mail.example.com")
    assert providers.listeners({"mail": providers.mail(HOUSE)}) == ["mailbox"]


def test_whoever_holds_no_token_is_told_that_others_do(monkeypatch: pytest.MonkeyPatch) -> None:
    wiring = wired_slack(monkeypatch, SLACK_CHANNEL="C1", NIGHTDESK_HELD_ELSEWHERE="SLACK_BOT_TOKEN")
    assert wiring.target == {"token": "", "channel": "C1", "base_url": "https://slack.com/api"}


@pytest.mark.parametrize(
    ("name", "value"), [("SLACK_CHANNEL", "#desk"), ("SLACK_USERS", "U1,tom"), ("SLACK_APPROVERS", "@tom=owner")]
)
def test_names_in_the_place_of_slack_s_ids_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(env.BadSetting, match="as in "):
        wired_slack(monkeypatch, **{name: value})


def test_notion_takes_the_briefs_once_it_is_connected_in_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTION_DATA_SOURCE", "1000")
    monkeypatch.delenv("NOTION_TOKEN", raising=False)
    assert providers.delivered_by(providers.wire(HOUSE))["brief"] == "folder"
    monkeypatch.setenv("NIGHTDESK_HELD_ELSEWHERE", "NOTION_TOKEN")
    wired = providers.wire(HOUSE)
    assert providers.delivered_by(wired)["brief"] == "notion"
    assert providers.delivered_by(wired)["document"] == "folder"
    assert wired["notion"].target == {
        "token": "",
        "site": "https://desk.example.com",
        "data_source": "1000",
        "review_data_source": "",
        "base_url": "https://api.notion.com",
    }
    assert "notion" not in providers.notices(wired)
    assert "notion" not in providers.desks(wired)


def test_notion_shows_the_inbox_and_takes_no_briefs_where_only_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NOTION_TOKEN", "ntn_1")
    monkeypatch.delenv("NOTION_DATA_SOURCE", raising=False)
    monkeypatch.setenv("NOTION_REVIEW_DATA_SOURCE", "2000")
    monkeypatch.setenv("NOTION_APPROVERS", "0a1b=owner")
    wired = providers.wire(HOUSE)
    assert providers.delivered_by(wired)["brief"] == "folder"
    assert providers.notices(wired)["notion"]["cards"] == ["review"]
    assert providers.notices(wired)["notion"]["events"] == ["review.*"]
    assert providers.desks(wired)["notion"] == {
        "token": "ntn_1",
        "base_url": "https://api.notion.com",
        "data_source": "2000",
        "approvers": {"0a1b": "owner"},
    }


def test_a_source_has_its_secrets_and_others_have_none() -> None:
    wired = {"shop": providers.Wiring(source={}, secrets=["old", "new"]), "shelf": providers.Wiring(target={})}
    assert providers.secrets(wired) == {"shop": ["old", "new"]}
    assert providers.sources(wired) == {"shop": {}}


def test_documents_go_where_the_owner_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert providers.folder(HOUSE).target == {
        "root": "/v/folder",
        "options": {},
        "pages": "https://desk.example.com/jobs/",
    }
    monkeypatch.setenv("NIGHTDESK_FOLDER", "s3://desk/outputs")
    monkeypatch.setenv("NIGHTDESK_FOLDER_KEY", "id:se:cret")
    monkeypatch.setenv("NIGHTDESK_BUCKETS_REGION", "eu-central-1")
    wired = providers.folder(HOUSE).target
    assert wired is not None
    assert (wired["root"], wired["options"]) == (
        "s3://desk/outputs",
        {"access_key": "id", "secret_key": "se:cret", "region_name": "eu-central-1"},
    )


def test_half_a_key_is_an_error() -> None:
    with pytest.raises(env.BadSetting, match="id:secret"):
        providers.bucket("id")
    assert providers.bucket("") == {}


AT_GITHUB = providers.House(
    base_url="https://desk.example.com",
    var=Path("/v"),
    mail_from="desk@example.com",
    repositories={
        "site": "/site.git",
        "shop": "git@github.com:acme/shop.git",
        "blog": "https://github.com/acme/blog",
    },
    ci_repositories=("blog",),
)


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No login of any kind, until a test sets one."""
    for name in ("TOKEN", "APP_ID", "APP_KEY", "READ_TOKEN", "HOOKS", "BASE_URL", "LABELS"):
        monkeypatch.delenv(f"GITHUB_{name}", raising=False)
    monkeypatch.delenv("NIGHTDESK_HELD_ELSEWHERE", raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "login",
    [
        {"GITHUB_TOKEN": "t"},
        {"GITHUB_APP_ID": "1", "GITHUB_APP_KEY": "k"},
        {"NIGHTDESK_HELD_ELSEWHERE": "GITHUB_TOKEN"},
        {"GITHUB_APP_ID": "1", "NIGHTDESK_HELD_ELSEWHERE": "GITHUB_APP_KEY"},
    ],
)
def test_repositories_at_github_have_their_branches_there_once_there_is_a_login(
    github: pytest.MonkeyPatch, login: dict[str, str]
) -> None:
    assert providers.branches_by(providers.wire(AT_GITHUB)) == {}
    for name, value in login.items():
        github.setenv(name, value)
    wired = providers.wire(AT_GITHUB)
    assert providers.branches_by(wired) == {"shop": "github", "blog": "github"}
    assert providers.delivered_by(wired)["branch"] == "git"
    options = providers.targets(wired)["github"]
    assert options["labels"] == ["nightdesk"]
    assert options["ci_repositories"] == ("blog",)
    assert set(options["repositories"]) == {"shop", "blog"}


def test_half_an_app_is_no_login(github: pytest.MonkeyPatch) -> None:
    github.setenv("GITHUB_APP_ID", "1")
    assert "github" not in providers.targets(providers.wire(AT_GITHUB))


def test_a_key_on_one_line_is_a_key(github: pytest.MonkeyPatch) -> None:
    github.setenv("GITHUB_APP_ID", "1")
    github.setenv("GITHUB_APP_KEY", r"-----BEGIN\nx\n-----END")
    assert providers.targets(providers.wire(AT_GITHUB))["github"]["app_key"] == "-----BEGIN\nx\n-----END"


def test_agents_clone_from_github_with_the_token_that_only_reads(github: pytest.MonkeyPatch) -> None:
    assert providers.read_by_agents(AT_GITHUB) == AT_GITHUB.repositories
    github.setenv("GITHUB_READ_TOKEN", "re/ad")
    assert providers.read_by_agents(AT_GITHUB) == {
        "site": "/site.git",
        "shop": "https://x-access-token:re%2Fad@github.com/acme/shop.git",
        "blog": "https://x-access-token:re%2Fad@github.com/acme/blog.git",
    }


def test_research_reads_own_places_with_tokens_that_only_read(github: pytest.MonkeyPatch) -> None:
    github.setenv("NOTION_TOKEN", "ntn_writes")
    github.setenv("GITHUB_TOKEN", "writes")
    assert providers.own_places(AT_GITHUB) == {}
    github.setenv("NOTION_READ_TOKEN", "ntn_reads")
    github.setenv("GITHUB_READ_TOKEN", "reads")
    there = {"shop": "acme/shop", "blog": "acme/blog"}
    base_url = "https://api.github.com"
    assert providers.own_places(AT_GITHUB) == {
        "notion": {"token": "ntn_reads", "base_url": "https://api.notion.com"},
        "github": {"token": "reads", "base_url": base_url, "site": "github.com", "repositories": there},
    }
    nowhere = providers.House("https://desk.example", Path("/var"), "desk@example.com", {"site": "/site.git"})
    assert "github" not in providers.own_places(nowhere)


def test_a_webhook_tells_each_of_its_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTDESK_WEBHOOKS", "crm=https://crm.example.com/?a=1,shop=https://shop.example.com/")
    monkeypatch.setenv("NIGHTDESK_WEBHOOK_SECRETS", "crm=whsec_MfKQ9r8GKYqrTwjUPD8ILA==,shop=whsec_b")
    monkeypatch.setattr(env, "addresses", {})
    wired = providers.wire(HOUSE)
    told = providers.targets(wired)
    assert told["webhook:crm"] == {
        "place": "crm",
        "url": "https://crm.example.com/?a=1",
        "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILA==",
    }
    wish = {"events": ["job.*", "review.*"], "cards": [], "digest": False}
    notices = providers.notices(wired)
    assert (notices["webhook:crm"], notices["webhook:shop"]) == (wish, wish)
    assert env.addresses["NIGHTDESK_WEBHOOKS (crm)"] == "https://crm.example.com/?a=1"


@pytest.mark.parametrize("secrets", ["", "shop=whsec_b"])
def test_a_place_without_a_key_is_named_at_the_start(monkeypatch: pytest.MonkeyPatch, secrets: str) -> None:
    monkeypatch.setenv("NIGHTDESK_WEBHOOKS", "crm=https://crm.example.com/,shop=https://shop.example.com/")
    monkeypatch.setenv("NIGHTDESK_WEBHOOK_SECRETS", secrets)
    with pytest.raises(env.BadSetting, match="NIGHTDESK_WEBHOOK_SECRETS lacks crm"):
        providers.wire(HOUSE)


def test_a_process_that_may_not_hold_the_keys_knows_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTDESK_WEBHOOKS", "crm=https://crm.example.com/")
    monkeypatch.delenv("NIGHTDESK_WEBHOOK_SECRETS", raising=False)
    monkeypatch.setenv("NIGHTDESK_HELD_ELSEWHERE", "NIGHTDESK_WEBHOOK_SECRETS")
    assert "webhook:crm" in providers.notices(providers.wire(HOUSE))


def test_clients_with_a_channel_are_reached_where_the_app_has_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    assert providers.channels_by({"slack_connect": providers.slack_connect(HOUSE)}) == ""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_CHANNEL", "C1")
    wiring = providers.slack_connect(HOUSE)
    assert wiring.target == {"token": "xoxb-1", "base_url": "https://slack.com/api", "inbox": "C1"}
    assert providers.channels_by({"slack_connect": wiring}) == "slack_connect"
    assert providers.delivered_by({"slack_connect": wiring}) == {}, "mail stays the way of all others"
