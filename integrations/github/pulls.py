"""Pull requests of Nightdesk's own branches: found by their branch, opened once, told of each further commit."""

from collections.abc import Collection
from dataclasses import dataclass

from github import Github, GithubException
from github.PullRequest import PullRequest
from github.Repository import Repository

from integrations.bodies import one_line
from integrations.branches.work import refuse_unless
from integrations.contracts import DeliveryError
from integrations.github.refusals import asking, words_of
from integrations.github.wording import mark
from integrations.words import _


@dataclass(frozen=True)
class Desk:
    """One repository at GitHub, and how pull requests are made there."""

    repository: Repository
    labels: Collection[str]

    @classmethod
    def at(cls, api: Github, full_name: str, labels: Collection[str]) -> "Desk":
        """Raises DeliveryError if it cannot be seen."""
        with asking(_("the repository {full_name}").format(full_name=full_name), writes=False):
            return cls(api.get_repo(full_name), labels)

    def told(self, branch: str, key: str) -> PullRequest | None:
        """The branch's pull request, open or not, that speaks of this delivery."""
        for pull in self._of(branch, state="all"):
            if self._speaks_of(pull, key):
                return pull
        return None

    def open(self, branch: str, *, title: str, body: str) -> PullRequest:
        """The branch's open pull request, made if there is none. Raises as `deliver` does.

        https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request
        """
        return next(iter(self._of(branch)), None) or self._create(branch, title=title, body=body)

    def merged(self, number: int, *, branch: str, commit: str) -> str | None:
        """The commit that the pull request was merged as, None while it is open.

        Raises DeliveryError where it is not this branch's, was closed, or went on from this commit.
        """
        with asking(_("the pull request #{number}").format(number=number), writes=False):
            pull = self.repository.get_pull(number)
        refuse_unless(pull.head.ref == branch, f"The pull request #{number} is not one of {branch}.")
        moved = f"{branch} went on since it was looked at: it is at {pull.head.sha}, not at {commit}."
        refuse_unless(pull.head.sha == commit, moved)
        refuse_unless(pull.merged or pull.state == "open", f"The pull request #{number} was closed.")
        return str(pull.merge_commit_sha) if pull.merged else None

    def merge(self, number: int, *, commit: str, method: str) -> str:
        """Merge it if its head still is this commit; return what it was merged as.

        https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
        """
        with asking(_("merging the pull request #{number}").format(number=number), writes=True):
            return self.repository.get_pull(number).merge(sha=commit, merge_method=method).sha

    def pages(self) -> dict[str, str]:
        """The newest pull request's page of each branch of an agent's, open or not."""
        with asking(_("the list of pull requests"), writes=False):
            pulls = self.repository.get_pulls(state="all", sort="created", direction="asc")
            return {pull.head.ref: pull.html_url for pull in pulls if pull.head.ref.startswith("agent/")}

    def report(self, pull: PullRequest, key: str, text: str) -> None:
        """Tell of the delivery in a comment, unless the pull request speaks of it already."""
        if not self._speaks_of(pull, key):
            with asking(_("a comment on the pull request"), writes=True):
                pull.create_issue_comment(text)

    def label(self, pull: PullRequest) -> None:
        """Give it the labels that it lacks."""
        missing = [name for name in self.labels if name not in {label.name for label in pull.labels}]
        if missing:
            with asking(_("the pull request's labels"), writes=True):
                pull.add_to_labels(*missing)

    def _of(self, branch: str, *, state: str = "open") -> list[PullRequest]:
        """Without the owner GitHub would list them all."""
        head = f"{self.repository.owner.login}:{branch}"
        with asking(_("the pull requests of {branch}").format(branch=branch), writes=False):
            return [pull for pull in self.repository.get_pulls(state=state, head=head) if pull.head.ref == branch]

    def _create(self, branch: str, *, title: str, body: str) -> PullRequest:
        base = self.repository.default_branch
        with asking(_("a pull request"), writes=True):
            try:
                return self.repository.create_pull(base=base, head=branch, title=title, body=body)
            except GithubException as error:
                if error.status != 422:
                    raise
                said = words_of(error)
        if "already exists" in said and (found := self._of(branch)):
            return found[0]
        raise DeliveryError(
            _("{branch} is pushed, but GitHub opens no pull request into {base}: {said}.").format(
                branch=branch, base=base, said=one_line(said)
            ),
            permanent=True,
        )

    def _speaks_of(self, pull: PullRequest, key: str) -> bool:
        if mark(key) in (pull.body or ""):
            return True
        with asking(_("the comments on the pull request"), writes=False):
            return any(mark(key) in (comment.body or "") for comment in pull.get_issue_comments())
