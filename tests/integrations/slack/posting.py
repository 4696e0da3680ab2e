"""How a post to Slack goes wrong, for the contract of each target that posts."""

from tests.emulators.slack import SlackEmulator


class Posting:
    """Mixed into the contract's class of a target that talks to `slack`."""

    slack: SlackEmulator

    def lose_the_next_answer(self) -> bool:
        """The next message is posted, and nobody hears of it."""
        self.slack.fault("chat.postMessage", "lost")
        return True

    def ask_for_a_pause(self, seconds: int) -> bool:
        """The next message is not posted: Slack says for how long it wants none."""
        refusal = {"ok": False, "error": "ratelimited"}
        waits = {"Retry-After": f"{seconds}"}
        self.slack.fault("chat.postMessage", "status", status=429, body=refusal, headers=waits)
        return True
