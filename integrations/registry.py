"""The list of providers. A new one is a folder, and a line here for each of its halves."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, cast

from integrations.contracts import Board, GapFinder, Probe, Source, Target

SOURCES: dict[str, str] = {
    "form": "integrations.form.source.FormSource",
    "github": "integrations.github.source.GitHubSource",
    "mail": "integrations.mail.source.MailSource",
    "notion": "integrations.notion.source.NotionSource",
    "slack": "integrations.slack.source.SlackSource",
    "standard": "integrations.standard.source.StandardSource",
}
TARGETS: dict[str, str] = {
    "folder": "integrations.folder.target.FolderTarget",
    "git": "integrations.git.target.GitTarget",
    "github": "integrations.github.target.GitHubTarget",
    "mail": "integrations.mail.target.MailTarget",
    "notion": "integrations.notion.target.NotionTarget",
    "owner": "integrations.mail.owner.OwnerMailTarget",
    "slack": "integrations.slack.target.SlackTarget",
    "slack_connect": "integrations.slack.connect.SlackConnectTarget",
    "webhook": "integrations.webhook.target.WebhookTarget",
}
# Who can be asked for what did not arrive.
GAP_FINDERS: dict[str, str] = {"github": "integrations.github.client.GitHubGaps"}
# Where the inbox is shown and decided elsewhere.
BOARDS: dict[str, str] = {"notion": "integrations.notion.board.NotionBoard"}
# Who can say whether it can be worked with.
PROBES: dict[str, str] = {
    "folder": "integrations.folder.probe.FolderProbe",
    "git": "integrations.git.probe.GitProbe",
    "mail": "integrations.mail.probe.MailProbe",
    "github": "integrations.github.probe.GitHubProbe",
    "notion": "integrations.notion.probe.NotionProbe",
    "slack": "integrations.slack.probe.SlackProbe",
    "slack_connect": "integrations.slack.connect_probe.SlackConnectProbe",
    "webhook": "integrations.webhook.probe.WebhookProbe",
}


class UnknownProvider(LookupError):
    """No provider has this name; the message lists the names there are."""


class BrokenProvider(RuntimeError):
    """The provider is listed but cannot be loaded or made; its cause is chained and named."""


def source(name: str, options: Mapping[str, Any] | None = None) -> Source:
    """The inbound half of the provider `name`, made with its settings' `options`. Raises as `target` does."""
    return cast(Source, _make("source", name, SOURCES, options or {}))


def target(name: str, options: Mapping[str, Any]) -> Target:
    """The outbound half of the provider `name`, or of its place in `provider:place`. Raises likewise."""
    return cast(Target, _make("target", name.partition(":")[0], TARGETS, options))


def gap_finder(name: str, options: Mapping[str, Any]) -> GapFinder:
    """Who asks the provider `name` for what did not arrive. Raises UnknownProvider or BrokenProvider."""
    return cast(GapFinder, _make("gap finder", name, GAP_FINDERS, options))


def probe(name: str, options: Mapping[str, Any]) -> Probe:
    """Who looks at how the provider `name` is set up. Raises UnknownProvider or BrokenProvider."""
    return cast(Probe, _make("probe", name, PROBES, options))


def board(name: str, options: Mapping[str, Any]) -> Board:
    """Where the inbox is shown at the provider `name`. Raises UnknownProvider or BrokenProvider."""
    return cast(Board, _make("board", name, BOARDS, options))


def can_mend(name: str) -> bool:
    """Whether who looks at the provider `name` can also make what is missing there (`Mending`)."""
    try:
        return hasattr(_load(PROBES[name]), "mend")
    except (KeyError, ImportError, AttributeError):
        return False  # its look says what is wrong with it


def _make(half: str, name: str, paths: Mapping[str, str], options: Mapping[str, Any]) -> object:
    if name not in paths:
        raise UnknownProvider(f"There is no {half} named {name!r}; there are: {', '.join(sorted(paths))}.")
    try:
        return _load(paths[name])(**options)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise BrokenProvider(f"The {half} {name} ({paths[name]}) cannot be made: {error}") from error


def _load(path: str) -> Callable[..., object]:
    module, _, attribute = path.rpartition(".")
    return cast(Callable[..., object], getattr(import_module(module), attribute))
