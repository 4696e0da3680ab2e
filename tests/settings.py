"""The real settings on a folder of their own; DATABASE_URL and REDIS_URL choose the databases as they always do."""

import os
import tempfile

_folder = tempfile.mkdtemp(prefix="nightdesk-tests-")
os.environ["NIGHTDESK_VAR"] = _folder
os.environ["SECRET_KEY"] = "a key for tests only, long enough to be accepted by the checks of Django"
for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "EMAIL_URL", "NIGHTDESK_REPOSITORIES", "NIGHTDESK_DEMO"):
    os.environ.pop(name, None)
os.environ["NO_PROXY"] = "127.0.0.1,localhost"
# Redis has numbers, not names: of several processes that test, each takes the one below that of the process before.
if _before := int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")):
    _url, _, _number = os.environ.get("REDIS_URL", "").rpartition("/")
    os.environ["REDIS_URL"] = f"{_url}/{int(_number) - _before}" if _number else ""

from config.settings import *  # noqa: E402, F403 - the environment had to be set first
from config.settings import DATABASES, STORAGES, VAR  # noqa: E402

if str(DATABASES["default"]["ENGINE"]).endswith("sqlite3"):
    # A file, not memory: WAL, locks and several connections behave as they do in the house.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "test.sqlite3")}
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
# Each client of a test builds the middleware anew: a file is looked for when asked for, not all of them before.
WHITENOISE_AUTOREFRESH = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SOURCE_SECRETS = {"github": ["It's a Secret to Everybody"]}
