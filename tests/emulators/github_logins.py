"""Who may do what at GitHub: personal tokens, an App with its key, and the tokens that it mints for an hour."""

import base64
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.emulators.kit import Reply, Req

TOKEN = "github_pat_emulator_0001"
READ_TOKEN = "github_pat_emulator_read"
APP_ID = "424242"
INSTALLATION = 7_000_001
_LEVELS = {"read": 1, "write": 2}
# What an App may be given here; it has no "workflows", so GitHub itself keeps it away from those.
_APP_MAY = {"contents": "write", "pull_requests": "write", "metadata": "read", "checks": "read", "statuses": "read"}


@cache
def _app_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@dataclass
class Grant:
    """What a token opens."""

    login: str
    may: dict[str, str]
    repositories: set[str] | None = None  # full names; None: all
    expires: datetime | None = None
    scopes: str | None = None  # of a classic token, as GitHub tells them in a header


@dataclass
class Logins:
    """All tokens there are, and the App's key."""

    grants: dict[str, Grant] = field(default_factory=dict)
    suspended: bool = False
    app_rights: dict[str, str] = field(default_factory=lambda: dict(_APP_MAY))
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: _app_key())

    @property
    def app_key(self) -> str:
        """The App's private key, as its owner downloads it."""
        form = serialization.PrivateFormat.TraditionalOpenSSL
        raw = self._key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        return raw.decode()

    def add(self, token: str, login: str, *, scopes: str | None = None, **may: str) -> None:
        """One more personal token."""
        self.grants[token] = Grant(login, may, scopes=scopes)

    def of(self, req: Req) -> Grant:
        """The grant of a call to the API; raises 401 as GitHub says it."""
        scheme, _, token = req.headers.get("authorization", "").partition(" ")
        grant = self._live(token) if scheme in {"token", "Bearer"} else None
        if grant is None:
            raise Reply(401, {"message": "Bad credentials", "status": "401"})
        return grant

    def of_git(self, req: Req) -> Grant:
        """The grant of a git request: Basic, the token as password."""
        scheme, _, code = req.headers.get("authorization", "").partition(" ")
        pair = base64.b64decode(code).decode() if scheme == "Basic" else ":"
        grant = self._live(pair.partition(":")[2])
        if grant is None:
            raise Reply(401, raw=b"Repository access denied.", headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
        return grant

    def app(self, req: Req) -> None:
        """Raise 401 unless the call carries a JWT that the App signed, no more than ten minutes ahead."""
        scheme, _, token = req.headers.get("authorization", "").partition(" ")
        try:
            claims = jwt.decode(token, self._key.public_key(), algorithms=["RS256"])
        except jwt.InvalidTokenError as error:
            raise Reply(401, {"message": "A JSON web token could not be decoded"}) from error
        if scheme != "Bearer" or str(claims["iss"]) != APP_ID or claims["exp"] - claims["iat"] > 660:
            raise Reply(401, {"message": "'Issuer' claim ('iss') must be an Integer"})

    def mint(self, wanted: dict[str, str], repositories: set[str] | None) -> tuple[str, Grant]:
        """A token of the App's for an hour; 422 for a permission that it has not."""
        if self.suspended:
            raise Reply(403, {"message": "This installation has been suspended"})
        for name, level in wanted.items():
            if _LEVELS[level] > _LEVELS.get(self.app_rights.get(name, ""), 0):
                text = "The permissions requested are not granted to this installation."
                raise Reply(422, {"message": text, "documentation_url": ""})
        token = f"ghs_{APP_ID}_{next(self._ids):030d}"
        expires = datetime.now(UTC) + timedelta(hours=1)
        self.grants[token] = Grant("nightdesk[bot]", {**wanted, "metadata": "read"}, repositories, expires)
        return token, self.grants[token]

    def expire(self) -> None:
        """Every minted token is past its hour now."""
        for grant in self.grants.values():
            if grant.expires:
                grant.expires = datetime.now(UTC) - timedelta(seconds=1)

    def _live(self, token: str) -> Grant | None:
        grant = self.grants.get(token)
        return grant if grant and (grant.expires is None or grant.expires > datetime.now(UTC)) else None


def require(grant: Grant, full_name: str, **needed: str) -> None:
    """Raise as GitHub does: 404 for what the grant cannot see, 403 for what it may not do there."""
    if grant.repositories is not None and full_name not in grant.repositories:
        raise Reply(404, {"message": "Not Found", "status": "404"})
    for name, level in needed.items():
        if _LEVELS[level] > _LEVELS.get(grant.may.get(name, ""), 0):
            kind = "integration" if grant.expires else "personal access token"
            raise Reply(403, {"message": f"Resource not accessible by {kind}", "status": "403"})
