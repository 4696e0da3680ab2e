"""Whether GitHub can be worked with: who we are there, what is in reach, which rights lack or are too wide."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from github import Auth, Github, GithubException, GithubIntegration

from integrations.branches.command import GitFailed
from integrations.branches.trial import try_push
from integrations.branches.work import Place
from integrations.contracts import DeliveryError, Finding, OutcomeUnknown
from integrations.github.access import NEEDS, Client, PersonalToken, access
from integrations.github.addresses import clone_address, full_name
from integrations.github.refusals import asking
from integrations.words import _, gettext_noop

# What a classic token needs, what it may have besides, and what an App may.
_SCOPE, _FINE = (
    "repo",
    {"repo", "public_repo", "repo:status", "repo_deployment", "admin:repo_hook", "write:repo_hook"},
)
_APP_FINE = {*NEEDS, "metadata", "checks", "statuses", "actions", "issues", "repository_hooks", "webhooks"}
_MINT = gettext_noop(
    "Make a fine-grained token for these repositories alone, with Contents and Pull requests: read and write."
)
_ALLOW = gettext_noop("Give it Contents and Pull requests, read and write, in this repository.")


class GitHubProbe:
    """Asks GitHub itself. What it tries leaves nothing behind: a push that is only rehearsed, and a pull request of
    a branch that there is not, which GitHub refuses only to those who might open one.
    """

    slug: ClassVar[str] = "github"

    def __init__(
        self,
        *,
        repositories: Mapping[str, str],
        workdir: Path | str,
        token: str = "",
        app_id: str = "",
        app_key: str = "",
        base_url: str = "https://api.github.com",
        ci_repositories: Collection[str] = (),
        hears: bool = True,
    ) -> None:
        self._full_names = {name: full_name(str(address), base_url) for name, address in repositories.items()}
        self._workdir = Path(workdir)
        self._client = Client(base_url, 0.0)
        self._access = access(self._client, token=token, app_id=app_id, app_key=app_key)
        self._app = (app_id, app_key) if self._access.renews else None
        self._may_change_ci = bool(ci_repositories)
        self._hears = hears

    def look(self) -> list[Finding]:
        """Who we are there, what is in reach, and rights that lack or are wider than needed."""
        if isinstance(self._access, PersonalToken) and not self._access.secret:
            fix = _("Set GITHUB_TOKEN, or GITHUB_APP_ID and GITHUB_APP_KEY.")
            return [Finding(ok=False, says=_("There is no login: branches get no pull request."), fix=fix)]
        found = list(_told(self._app_itself if self._app else self._person))
        for name, there in self._full_names.items():
            found += _told(lambda name=name, there=there: self._repository(name, there))  # type: ignore[misc]
        if not self._hears:
            fix = _("Set GITHUB_WEBHOOK_SECRET, and a webhook to /hooks/github/ with the same secret.")
            found.append(
                Finding(ok=False, says=_("Checks and comments do not come back: no webhook is known."), fix=fix)
            )
        return found

    def try_out(self) -> list[Finding]:
        """Rehearse a push and the opening of a pull request in every repository; nothing is made."""
        return [
            finding
            for name, there in self._full_names.items()
            for finding in _told(lambda name=name, there=there: self._rehearse(name, there))  # type: ignore[misc]
        ]

    def _person(self) -> Iterator[Finding]:
        with self._api("") as api, asking(_("who this token belongs to"), writes=False):
            login, scopes = api.get_user().login, api.oauth_scopes
        yield Finding(ok=True, says=_("Known as {login}.").format(login=login))
        if scopes is None:
            return  # a fine-grained token: its rights show in each repository
        given = {scope for scope in scopes if scope}
        if _SCOPE not in given:
            yield Finding(ok=False, says=_("The token lacks the scope {scope}.").format(scope=_SCOPE), fix=_(_MINT))
        allowed = _FINE | ({"workflow"} if self._may_change_ci else set())
        if wide := sorted(given - allowed):
            yield Finding(
                ok=False,
                says=_("The token may do more than is needed: {wide}.").format(wide=", ".join(wide)),
                fix=_(_MINT),
            )

    def _app_itself(self) -> Iterator[Finding]:
        app_id, key = self._app or ("", "")
        auth = Auth.AppAuth(app_id, key)
        with (
            GithubIntegration(auth=auth, **self._client.options()) as api,
            asking(_("what this App is"), writes=False),
        ):
            app = api.get_app()
            name, given = app.name, dict(app.permissions)
        yield Finding(ok=True, says=_("Known as the App {name}.").format(name=name))
        lacking = sorted(right for right, level in NEEDS.items() if given.get(right) != level)
        if lacking:
            fix = _("Give the App these rights in its settings, then accept them where it is installed.")
            yield Finding(
                ok=False, says=_("The App may not write: {lacking}.").format(lacking=", ".join(lacking)), fix=fix
            )
        fine = _APP_FINE | ({"workflows"} if self._may_change_ci else set())
        wide = sorted(
            right
            for right, level in given.items()
            if right not in fine or (right == "actions" and level == "write")
        )
        if wide:
            fix = _("Take these rights from the App in its settings.")
            yield Finding(
                ok=False,
                says=_("The App may do more than is needed: {wide}.").format(wide=", ".join(wide)),
                fix=fix,
            )

    def _repository(self, name: str, there: str) -> Iterator[Finding]:
        if not there:
            yield Finding(
                ok=True, says=_("{name} is elsewhere: its branches are pushed by plain git.").format(name=name)
            )
            return
        with self._api(there) as api, asking(_("the repository {there}").format(there=there), writes=False):
            repository = api.get_repo(there)
            rights, branch = repository.permissions, repository.default_branch
            is_protected = repository.get_branch(branch).protected
        if repository.archived or (rights and not rights.push):
            says = _("{name} ({there}) can be read, but not written to.")
            if repository.archived:
                says = _("{name} ({there}) is archived.")
            yield Finding(ok=False, says=says.format(name=name, there=there), fix=_(_ALLOW))
            return
        yield Finding(ok=True, says=_("{name} is {there}, and can be written to.").format(name=name, there=there))
        if not is_protected:
            fix = _("Protect {branch} there by a rule: then even a stolen token cannot push to it.").format(
                branch=branch
            )
            yield Finding(
                ok=False,
                says=_("{branch} of {there} is not protected.").format(branch=branch, there=there),
                fix=fix,
            )

    def _rehearse(self, name: str, there: str) -> Iterator[Finding]:
        if not there:
            return
        token = self._access.token(there)
        try:
            try_push(Place(name, clone_address(there, self._client.base_url), token), self._workdir)
        except (GitFailed, OSError) as error:
            yield Finding(
                ok=False,
                says=_("A branch cannot be pushed to {there}: {error}.").format(there=there, error=error),
                fix=_(_ALLOW),
            )
            return
        if said := self._refusal_of_pull(there, token):
            yield Finding(
                ok=False,
                says=_("A pull request cannot be opened in {there}: {said}").format(there=there, said=said),
                fix=_(_ALLOW),
            )
            return
        yield Finding(
            ok=True,
            says=_("{there} would take a branch and its pull request; nothing was made.").format(there=there),
        )

    def _refusal_of_pull(self, there: str, token: str) -> str:
        """Why no pull request could be opened; empty where only its branch is missing."""
        nowhere = "agent/nightdesk-probe"  # no name of a job's branch
        with self._client.by(token) as api:
            try:
                with asking(_("a pull request of no branch"), writes=False):
                    try:
                        repository = api.get_repo(there)
                        repository.create_pull(base=repository.default_branch, head=nowhere, title="Probe")
                    except GithubException as error:
                        if error.status == 422:
                            return ""
                        raise
            except DeliveryError as error:
                return str(error)
        return _("it was opened, although its branch should not be there. Close it.")

    def _api(self, there: str) -> Github:
        return self._client.by(self._access.token(there))


def _told(look: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """What a look finds; what keeps it from looking is a finding too."""
    try:
        return list(look())
    except (DeliveryError, OutcomeUnknown) as error:
        return [Finding(ok=False, says=str(error), fix=_("Mend what GitHub says, then look again."))]
