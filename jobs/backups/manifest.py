"""What an archive says of itself: when it was made, of what, and the sum of everything in it."""

import datetime

from pydantic import BaseModel, Field

FORMAT = 1


class Manifest(BaseModel, extra="forbid"):
    """`manifest.json` of an archive. Digests are sha-256 in hex; `rows` counts each table's."""

    format: int = FORMAT
    made_at: datetime.datetime
    vendor: str  # sqlite or postgresql: an archive goes back into the kind of database that it came from
    migrations: list[tuple[str, str]]  # app and name, as they were applied
    rows: dict[str, int]
    members: dict[str, str] = Field(default_factory=dict)  # every other file of the archive -> its digest
    missing: list[str] = Field(default_factory=list)  # artifacts whose bytes were not there any more

    @property
    def artifacts(self) -> list[str]:
        """The digests of the artifacts in it."""
        return [name.rpartition("/")[2] for name in self.members if name.startswith("artifacts/")]
