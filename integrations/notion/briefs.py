"""A research brief as a row: its columns, its title, its text."""

from integrations.contracts import DeliveryError, OutFile, Outgoing
from integrations.notion import markdown
from integrations.notion.columns import DIGEST, EXTERNAL_ID, TITLE, Column
from integrations.notion.rows import Row
from integrations.words import _

READY = "Done"
STATE = Column("State", ("select", "status"), also=("Status",), options=(READY,))
CLIENT = Column("Client", ("rich_text", "select"), also=("Customer",))
JOB = Column("Job", ("url",), also=("Job link", "Link"))
COLUMNS = (TITLE, EXTERNAL_ID, DIGEST, STATE, CLIENT, JOB)


def row(outgoing: Outgoing, *, site: str) -> Row:
    """The row that shows the brief. Raises DeliveryError for what is no text, or empty."""
    texts = [_text(file) for file in outgoing.files]
    if not any(text.strip() for text in texts):
        raise DeliveryError(_("There is no text to file: the job made none."), permanent=True)
    title, first = markdown.title(texts[0])
    blocks = [block for text in (first, *texts[1:]) for block in markdown.blocks(text)]
    values = {
        STATE.name: READY,
        CLIENT.name: outgoing.client,
        JOB.name: f"{site}/jobs/{outgoing.job_uid}/",
    }
    return Row(outgoing.card, title or outgoing.job_title, blocks, values, key=outgoing.key)


def _text(file: OutFile) -> str:
    if not file.media_type.startswith("text/"):
        raise DeliveryError(
            _("{name} is {media_type}, and a row takes text alone.").format(
                name=file.name, media_type=file.media_type
            ),
            permanent=True,
        )
    try:
        return file.content.decode()
    except UnicodeDecodeError as error:
        raise DeliveryError(_("{name} is not UTF-8.").format(name=file.name), permanent=True) from error
