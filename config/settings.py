"""One settings file. Everything comes from the environment; without any of it, it starts on SQLite alone."""

import contextlib
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import django_stubs_ext
from django.core.management.utils import get_random_secret_key

from config import doors, env, providers, queue, roles

BASE_DIR = Path(__file__).resolve().parent.parent
# A process that the supervisor started has its role's part of the environment: .env would give it the rest.
if not env.text("NIGHTDESK_ROLE"):
    env.load_file(BASE_DIR / ".env")
env.refuse_unknown(
    {
        "NIGHTDESK_MODEL",
        "NIGHTDESK_PLANNER_MODEL",
        "NIGHTDESK_CODE_MODEL",
        "NIGHTDESK_ORCHESTRATE_EVERY",
        "NIGHTDESK_DAILY_BUDGET",
        "NIGHTDESK_NIGHT_BUDGET",
        "NIGHTDESK_JOB_BUDGET",
        "NIGHTDESK_BACKUP",
        "NIGHTDESK_BATCH",
        "NIGHTDESK_UNDO",
        "NIGHTDESK_DIGEST_AT",
        "NIGHTDESK_LANGUAGE",
        "NIGHTDESK_UNDO_CLIENT",
        "NIGHTDESK_ANSWER_WITHIN",
        "NIGHTDESK_VAR",
        "NIGHTDESK_FOLDER",
        "NIGHTDESK_FOLDER_KEY",
        "NIGHTDESK_ARTIFACTS",
        "NIGHTDESK_ARTIFACTS_KEY",
        "NIGHTDESK_BUCKETS_URL",
        "NIGHTDESK_BUCKETS_REGION",
        "NIGHTDESK_CONCURRENCY",
        "NIGHTDESK_LEASE",
        "NIGHTDESK_DEMO",
        "NIGHTDESK_ROLE",
        "NIGHTDESK_HELD_ELSEWHERE",
        "NIGHTDESK_SUPERVISOR",
        "NIGHTDESK_SESSION_IDLE",
        "NIGHTDESK_SESSION_LASTS",
        "NIGHTDESK_PROOF_LASTS",
        "NIGHTDESK_REHEARSAL",
        "NIGHTDESK_REPOSITORIES",
        "NIGHTDESK_PUSH_REPOSITORIES",
        "NIGHTDESK_CI_REPOSITORIES",
        "NIGHTDESK_TEST_COMMANDS",
        "NIGHTDESK_CELL_USER",
        "NIGHTDESK_REHEARSAL_PAUSE",
        "NIGHTDESK_FETCH_LOOPBACK_PORTS",
        "NIGHTDESK_WEB_DOMAINS",
        "NIGHTDESK_WEB_SEARCH",
        "NIGHTDESK_WEB_SEARCHES",
        "NIGHTDESK_WEBHOOKS",
        "NIGHTDESK_KEEP_BODIES",
        "NIGHTDESK_RULE_PACE",
        "NIGHTDESK_SENDER_PACE",
        "NIGHTDESK_SOURCE_PACE",
        "NIGHTDESK_WEBHOOK_EVENTS",
        "NIGHTDESK_WEBHOOK_SECRETS",
    }
)
django_stubs_ext.monkeypatch()

VAR = Path(env.text("NIGHTDESK_VAR") or BASE_DIR / "var").resolve()
DEMO = env.boolean("NIGHTDESK_DEMO", default=False)


def _secret_key() -> str:
    """The key from the environment, else one made at the first start and kept beside the database."""
    if key := env.text("SECRET_KEY"):
        return key
    path = VAR / "secret_key"
    if not path.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        # Made whole under a name of its own, then linked: of processes that start at once one makes the key of all.
        with tempfile.NamedTemporaryFile("w", dir=VAR, prefix="secret_key.", encoding="utf-8") as draft:
            draft.write(get_random_secret_key() + get_random_secret_key())
            draft.flush()
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft.name)
    return path.read_text(encoding="utf-8").strip()


def _database(url: str) -> dict[str, object]:
    """Django's entry for sqlite:///path or postgresql://user:password@host:port/name."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = Path(parts.path.lstrip("/")) if not parts.path.startswith("//") else Path(parts.path[1:])
        return {
            "ENGINE": "config.sqlite3",
            "NAME": path if path.is_absolute() else BASE_DIR / path,
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                # IMMEDIATE: an upgrade from read to write fails at once, whatever the time-out.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": parts.port or "",
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
        }
    raise env.BadSetting("DATABASE_URL must begin with sqlite:/// or postgresql://")


def _artifacts() -> dict[str, object]:
    """Every artifact's bytes by their sum: under var/, or in s3://bucket/prefix for several hosts."""
    place = env.text("NIGHTDESK_ARTIFACTS")
    if not place.startswith("s3://"):
        location = Path(place).resolve() if place else VAR / "artifacts"
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": location, "base_url": None},
        }
    parts = urlsplit(place)
    # The same name has the same bytes for ever: writing it again is no loss.
    options: providers.Options = {
        "bucket_name": parts.netloc,
        "location": parts.path.strip("/"),
        "file_overwrite": True,
    }
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": options | providers.bucket(env.text("NIGHTDESK_ARTIFACTS_KEY")),
    }


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.listing("SECRET_KEY_FALLBACKS")
DEBUG = env.boolean("DEBUG", default=False)
BASE_URL = env.text("BASE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.listing("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
DATABASE_URL = env.text("DATABASE_URL") or f"sqlite:///{VAR / 'nightdesk.sqlite3'}"
DATABASES = {"default": _database(DATABASE_URL)}
VAR.mkdir(parents=True, exist_ok=True)
REDIS_URL = env.text("REDIS_URL")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "jobs",
    "agents",
    "integrations",
    "config",
    "config.apps.EngineRoomConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
    "axes",
    "django_otp",
    "django_otp_webauthn",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Before whatever answers: pages and files alike. Tokens against forgery are masked anew on each page.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.ContentSecurityPolicy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.sessions.Limits",
    "config.middleware.Reader",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "jobs.inbox.surroundings.surroundings",
            ],
            "libraries": {"wording": "jobs.inbox.wording"},
        },
    },
]
globals().update(doors.settings(BASE_URL))
AXES_COOLOFF_TIME = doors.COOLOFF
HAS_PASSKEYS = doors.has_passkeys(BASE_URL)
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/inbox/"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# What pages speak to whoever has not chosen, and what is written for the owner while nobody looks: the digest,
# cards in Slack, the reasons that are kept with the rows.
LANGUAGE_CODE = env.choice("NIGHTDESK_LANGUAGE", default="en", known=dict(LANGUAGES))
LOCALE_PATHS = [BASE_DIR / "jobs" / "locale"]
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a folder that is not there
MEDIA_ROOT = VAR / "artifacts"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "artifacts": _artifacts(),
    "staticfiles": {"BACKEND": "config.statics.LeanStaticFilesStorage"},
}
# Without a collected manifest (a fresh checkout, a test) files are found in the apps themselves.
WHITENOISE_USE_FINDERS = True

# The deployment is https unless it is this machine alone; then a Secure cookie could never come back.
_LOOPBACK = urlsplit(BASE_URL).hostname in {"127.0.0.1", "localhost", "::1"}
_HTTPS = not _LOOPBACK
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_IDLE = env.duration("NIGHTDESK_SESSION_IDLE", default="36h")
SESSION_LASTS = env.duration("NIGHTDESK_SESSION_LASTS", default="14d")
# Before a merge the last proof of who it is may be so old.
PROOF_LASTS = env.duration("NIGHTDESK_PROOF_LASTS", default="15m")
SESSION_COOKIE_NAME = "__Host-session" if _HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _HTTPS else "csrf"
CSRF_COOKIE_HTTPONLY = True
# That a person came in by this browser before (jobs/inbox/known.py).
KNOWN_COOKIE_NAME = "__Host-known" if _HTTPS else "known"
# The language that a person chose, for a year.
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SECURE = _HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
# Pages are redirected to https; a machine that posts in the clear is told so, not led on (ASVS 4.1.2).
SECURE_SSL_REDIRECT = _HTTPS
SECURE_REDIRECT_EXEMPT = [r"^hooks/", r"^api/", r"^healthz$"]
# TLS ends at a proxy of ours, which adds the address that it saw to X-Forwarded-For.
BEHIND_PROXY = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _HTTPS else None
# Nothing of an address goes to others. With "no-referrer" a browser sends "Origin: null" with every form, and the
# CSRF check refuses it.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
}

WORKERS = queue.WORKERS
Q_CLUSTER = queue.q_cluster(redis_url=REDIS_URL)
CHECKUPS = queue.CHECKUPS
SCHEDULES = queue.schedules(orchestrate_every=env.duration("NIGHTDESK_ORCHESTRATE_EVERY", default="5m"))
ORCHESTRATE_EVERY = env.duration("NIGHTDESK_ORCHESTRATE_EVERY", default="5m")
CONCURRENCY = env.integer("NIGHTDESK_CONCURRENCY", default=8, minimum=2)
LEASE = env.duration("NIGHTDESK_LEASE", default="60s")
# Jobs that may begin within an hour; what comes faster waits.
PACE = {
    "rule": env.integer("NIGHTDESK_RULE_PACE", default=200, minimum=1),
    "sender": env.integer("NIGHTDESK_SENDER_PACE", default=60, minimum=1),
    "source": env.integer("NIGHTDESK_SOURCE_PACE", default=600, minimum=1),
}
# Where backups lie; every night one is made there if that folder is named.
BACKUP_NIGHTLY = bool(env.text("NIGHTDESK_BACKUP"))
BACKUPS = Path(env.text("NIGHTDESK_BACKUP") or VAR / "backups").resolve()
# Where events wait that came while nobody could write to the database.
SPOOL = VAR / "spool"
# What an event said is kept for so long.
KEEP_BODIES = env.duration("NIGHTDESK_KEEP_BODIES", default="90d")
DAILY_BUDGET = env.microusd("NIGHTDESK_DAILY_BUDGET", default="20")
# Money of its own, since a night has a part in two dates; as much as a day's where nothing is said.
NIGHT_BUDGET = env.microusd("NIGHTDESK_NIGHT_BUDGET", default=env.text("NIGHTDESK_DAILY_BUDGET", "20"))
JOB_BUDGET = env.microusd("NIGHTDESK_JOB_BUDGET", default="2")
# When the owner is told of the night, on their own clock.
DIGEST_AT = env.clock("NIGHTDESK_DIGEST_AT", default="07:00")
BATCH = env.boolean("NIGHTDESK_BATCH", default=False)
UNDO = env.duration("NIGHTDESK_UNDO", default="10s")
UNDO_CLIENT = env.duration("NIGHTDESK_UNDO_CLIENT", default="30s")
# A question with a stated default waits so long for a person; any other waits for ever.
ANSWER_WITHIN = env.duration("NIGHTDESK_ANSWER_WITHIN", default="12h")

ANTHROPIC_API_KEY = env.text("ANTHROPIC_API_KEY")
ANTHROPIC_BASE_URL = env.address("ANTHROPIC_BASE_URL")
# Told to the processes that have no key themselves, and a way to rehearse although there is one.
REHEARSAL = env.boolean("NIGHTDESK_REHEARSAL", default=not ANTHROPIC_API_KEY)
MODELS = {
    "default": env.text("NIGHTDESK_MODEL", "claude-sonnet-5-5"),
    "orchestrator": env.text("NIGHTDESK_PLANNER_MODEL", "claude-opus-5-5"),
    "code": env.text("NIGHTDESK_CODE_MODEL", "claude-opus-5-5"),
}
REHEARSAL_PAUSE = env.duration("NIGHTDESK_REHEARSAL_PAUSE", default="0s")
REPOSITORIES = env.mapping("NIGHTDESK_REPOSITORIES")
_house = providers.House(
    base_url=BASE_URL,
    var=VAR,
    mail_from=env.text("MAIL_FROM", "nightdesk@localhost"),
    repositories=REPOSITORIES,
    ci_repositories=tuple(env.listing("NIGHTDESK_CI_REPOSITORIES", known=REPOSITORIES)),
)
AGENT_OPTIONS: dict[str, object] = {
    "repositories": providers.read_by_agents(_house),
    "test_commands": env.mapping("NIGHTDESK_TEST_COMMANDS", known=REPOSITORIES),
    "cell_user": env.text("NIGHTDESK_CELL_USER"),
    "places": providers.own_places(_house),
    # Off where the owner says nothing: a search carries words of a request to strangers.
    "web_search": {
        "for": env.choice("NIGHTDESK_WEB_SEARCH", default="off", known=("off", "own", "all")),
        "most": env.integer("NIGHTDESK_WEB_SEARCHES", default=5, minimum=1),
        "domains": env.listing("NIGHTDESK_WEB_DOMAINS"),
    },
    "fetch_outside": not DEMO,
    "fetch_allow_loopback_ports": [int(port) for port in env.listing("NIGHTDESK_FETCH_LOOPBACK_PORTS")],
}

# Mail leaves by the server that is named, or is kept as files.
EMAIL_URL = env.text("EMAIL_URL")
globals().update(env.mail_server("EMAIL_URL"))
EMAIL_PROVIDER, _provider_keys = env.mail_provider("EMAIL_URL")
_backend = ("provider" if EMAIL_PROVIDER else "smtp") if EMAIL_URL else "outbox"
EMAIL_BACKEND = f"integrations.mail.{_backend}.EmailBackend"
EMAIL_FILE_PATH = VAR / "mail"
DEFAULT_FROM_EMAIL = MAIL_FROM = _house.mail_from

ANYMAIL = providers.anymail() | _provider_keys
MAILBOX = providers.mailbox()

_wired = providers.wire(_house)
SOURCES = providers.sources(_wired)
SOURCE_SECRETS = providers.secrets(_wired)
TARGETS = providers.targets(_wired)
DELIVERED_BY = providers.delivered_by(_wired)
BRANCHES_BY = providers.branches_by(_wired)
CHANNELS_BY = providers.channels_by(_wired)
GAP_FINDERS = providers.gap_finders(_wired)
NOTICES = providers.notices(_wired)
PROBES = providers.probes(_wired)
DESKS = providers.desks(_wired)
LISTENERS = providers.listeners(_wired)
VENDOR_ADDRESSES = env.addresses
HELD_SECRETS = roles.held()  # searched for in all that is made and sent

# Calls a token may make; what the API's document says of itself.
API_RATE = "600/min"
REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "jobs.api.schema.CallSchema"}
SPECTACULAR_SETTINGS = {
    "TITLE": "Nightdesk",
    "DESCRIPTION": "Open jobs, follow them, decide what waits. Errors are problem details (RFC 9457).",
    "VERSION": "1",
    "LICENSE": {"name": "MIT"},
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["jobs.api.schema.finish"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django-q": {"level": "WARNING"}, "httpx2": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
}

# Lower floors name the registry of sources by its path: it says whether a rule's conditions can be read.
SOURCE_LOADER = "integrations.registry.source"
SOURCE_REGISTRY = "integrations.registry.SOURCES"
# What the pages of rules ask of the sources, and the agents that a rule may name.
RULE_TRIALS = {name: f"integrations.trials.{name}" for name in ("read", "suggest", "names", "send")}
AGENT_REGISTRY = "agents.registry.AGENTS"
