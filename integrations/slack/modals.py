"""The two small windows in which a person writes: https://docs.slack.dev/surfaces/modals"""

from integrations.contracts import Json
from integrations.words import _

REVISION, ANSWER = "review.revision", "review.own_answer"
INPUT = "words"
_MOST = 3_000


def revision(reference: str) -> Json:
    """What should be different."""
    return _modal(REVISION, _("Ask for a revision"), _("What should be different?"), _("Send back"), reference)


def own_answer(reference: str) -> Json:
    """An answer in the person's own words."""
    return _modal(ANSWER, _("Answer"), _("Your answer"), _("Answer"), reference)


def _modal(callback: str, title: str, label: str, submit: str, reference: str) -> Json:
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": reference,
        "title": {"type": "plain_text", "text": title},
        "submit": {"type": "plain_text", "text": submit},
        "close": {"type": "plain_text", "text": _("Not now")},
        "blocks": [
            {
                "type": "input",
                "block_id": INPUT,
                "label": {"type": "plain_text", "text": label},
                "element": {
                    "type": "plain_text_input",
                    "action_id": INPUT,
                    "multiline": True,
                    "max_length": _MOST,
                },
            }
        ],
    }
