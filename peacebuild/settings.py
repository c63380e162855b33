"""One settings file for every installation; what differs is read from the environment (or a ``.env`` file).

``PORTAL_ENV=embedded`` (the default) needs nothing else: SQLite, a broker in folders, mail in files, secrets made on first
start under ``DATA_DIR``. ``PORTAL_ENV=production`` refuses to start while a required variable is missing and says which.
``.env.example`` lists every variable.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from plumbing.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

PORTAL_ENV = env.str("PORTAL_ENV", "embedded")
if PORTAL_ENV not in {"embedded", "production"}:
    raise ImproperlyConfigured(f"PORTAL_ENV is {PORTAL_ENV!r}: set it to 'embedded' or 'production'.")
PRODUCTION = PORTAL_ENV == "production"
DEBUG = env.bool("DEBUG", False) and not PRODUCTION
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).resolve()
KEYS_DIR = Path(env.str("KEYS_DIR", str(DATA_DIR / "keys"))).resolve()


def _required(name: str, purpose: str) -> str:
    value = env.str(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is missing: {purpose}. Set it in the environment or in .env (see .env.example).")
    return value


def _kept_secret(name: str) -> str:
    """The embedded default makes its own secret once and keeps it readable by the owner only."""
    path = KEYS_DIR / name
    if not path.exists():
        KEYS_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
        mine = path.with_name(f"{name}.{os.getpid()}")
        mine.touch(mode=0o600)
        mine.write_text(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(mine, path)  # of two processes that start at once, both go on with the first one's
        mine.unlink()
    return path.read_text().strip()


SECRET_KEY = env.str("SECRET_KEY", "")
if not SECRET_KEY:
    SECRET_KEY = _required("SECRET_KEY", "50 or more random characters that sign sessions") if PRODUCTION else _kept_secret("secret_key")
FIELD_KEYS_FILE = Path(env.str("FIELD_KEYS_FILE", str(KEYS_DIR / "field-keys.json")))
PORTAL_ADDRESS = (
    _required("PORTAL_ADDRESS", "the address people open, such as https://portal.example.org")
    if PRODUCTION
    else env.str("PORTAL_ADDRESS", f"http://localhost:{env.str('PORT', '8000')}")
)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is missing: name the hosts people open, separated by commas.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PORTAL_ADDRESS] if PRODUCTION else [])

INSTALLED_APPS = [
    "peacebuild.administration.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_htmx",
    "template_partials",
    "csp",
    "plumbing",
    "privacy",
    "accounts",
    "locations",
    "programs",
    "surveys",
    "communities",
    "reintegration",
    "institutions",
    "reporting",
    "exchange",
    "dashboard",
]

MIDDLEWARE = [
    "peacebuild.health.HealthMiddleware",
    "plumbing.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "plumbing.addresses.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.preferences.PreferencesMiddleware",
    "programs.second_factor.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "peacebuild.urls"
WSGI_APPLICATION = "peacebuild.wsgi.application"
ASGI_APPLICATION = "peacebuild.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.navigation.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "plumbing.templatetags.parts",
                "plumbing.templatetags.figures",
                "programs.templatetags.programs",
                "reintegration.templatetags.small_counts",
                "communities.templatetags.forum_states",
                "surveys.templatetags.surveys",
                "reporting.templatetags.reporting",
            ],
        },
    }
]

# Database: SQLite loses concurrent writes with its defaults; with WAL, IMMEDIATE and a long busy timeout it lost none.
DATABASES = {
    "default": env.db_url_config(
        _required("DATABASE_URL", "the PostgreSQL database, such as postgres://portal@db/portal")
        if PRODUCTION
        else env.str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'portal.sqlite3'}")
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-32000;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", 60)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cache: a Redis that answers slowly or not at all must not hold a page for minutes.
_redis = {
    "BACKEND": "django.core.cache.backends.redis.RedisCache",
    "LOCATION": env.str("CACHE_URL", ""),
    "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
}
CACHES = {
    "default": _redis if _redis["LOCATION"] else {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "portal_cache"},
    # Counts API calls: in Redis for all processes together, else in the memory of each, never in the database.
    "limits": _redis if _redis["LOCATION"] else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"},
}

# Who you are
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["programs.access.RolesBackend", "allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_ADAPTER = "accounts.sign_in.AccountAdapter"
MFA_ADAPTER = "programs.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Peacebuild"

# Sessions and transport
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", 12) * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION and env.bool("SECURE_SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", 31536000) if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
# Behind a proxy that sets X-Forwarded-Proto and appends to X-Forwarded-For, say how many there are; only then are these believed.
PROXIES = env.int("PROXIES", 0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# Languages and time
LANGUAGE_CODE = env.str("LANGUAGE_CODE", "en")
FILTERS_EMPTY_CHOICE_LABEL = _("any")
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("es", _("Spanish")), ("ar", _("Arabic"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", "UTC")
USE_TZ = True

# Files
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(DATA_DIR / "static")))
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(DATA_DIR / "files")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Mail: to files on the embedded default
_mail = _required("EMAIL_URL", "the mail server, such as smtp+tls://user:password@mail:587") if PRODUCTION else env.str("EMAIL_URL", "")
vars().update(env.email_url_config(_mail or f"filemail:///{DATA_DIR / 'mail'}"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "portal@localhost")

# Tasks: the broker in folders works with no server; RabbitMQ or Redis in production
CELERY_BROKER_URL = (
    _required("BROKER_URL", "RabbitMQ or Redis, such as amqp://portal@broker//")
    if PRODUCTION
    else env.str("BROKER_URL", "filesystem://localhost/")
)
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if CELERY_BROKER_URL.startswith("filesystem:"):
    _folders = {name: str(DATA_DIR / "broker" / name) for name in ("messages", "processed", "control")}
    for _folder in _folders.values():
        Path(_folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": _folders["messages"],
        "data_folder_out": _folders["messages"],
        "store_processed": True,  # else a taken message passes through the machine's shared temporary folder
        "processed_folder": _folders["processed"],
        "control_folder": _folders["control"],
        "polling_interval": 0.05,
    }
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = env.int("TASK_SECONDS", 1800)
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")

# Logs: to stderr, without personal data; JSON lines in production
LOGGING = logging_config(production=PRODUCTION, level=env.str("LOG_LEVEL", "INFO"))

# The partner API
API_READS_A_MINUTE = env.int("API_READS_A_MINUTE", 600)
API_WRITES_A_MINUTE = env.int("API_WRITES_A_MINUTE", 120)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.BearerKey", "accounts.api.authentication.Session"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.limits.PerCaller"],
    "DEFAULT_PARSER_CLASSES": ["plumbing.json_body.JSONBody"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "accounts.api.schema.Described",
    "EXCEPTION_HANDLER": "plumbing.problems.handler",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": None,
    "NUM_PROXIES": PROXIES,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Peacebuild partner API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SORT_OPERATIONS": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "ActivityKind": "programs.models.activities.ActivityRecord.Kind",
        "ActivityFlag": "programs.models.activities.ActivityRecord.Flag",
        "ResultKind": "programs.models.projects.Result.Kind",
        "LevelOfWork": "programs.models.projects.Level",
        "ActivityStatus": "programs.models.projects.ActivityStatus",
        "DefinitionStatus": "programs.models.indicators.IndicatorDefinition.Status",
        "PeriodState": "programs.models.periods.ReportingPeriod.State",
        "SubmissionState": "reporting.models.submissions.Submission.State",
        "ImportKind": "exchange.models.Import.Kind",
        "ImportState": "exchange.models.Import.State",
        "ForumKind": "communities.models.forums.Forum.Kind",
        "CommitmentState": "communities.models.forums.Commitment.State",
        "CommitmentTopic": "communities.models.forums.Commitment.Topic",
        "DisputeState": "communities.models.disputes.Dispute.State",
        "DisputeKind": "communities.models.records.DisputeKind",
        "AgreementStage": "communities.models.forums.LocalAgreement.Stage",
        "AgreementStatus": "communities.models.forums.LocalAgreement.Status",
        "ContributionSource": "communities.models.projects.Contribution.Source",
        "LocalProjectDecision": "communities.models.projects.LocalProject.Decision",
        "LocalProjectKind": "communities.models.projects.LocalProject.Kind",
        "LocalProjectState": "communities.models.projects.LocalProject.State",
        "MediatorKind": "communities.models.records.MediatorKind",
        "GroupOfPeople": "communities.models.records.Group",
        "IncidentActor": "communities.models.incidents.Incident.Actor",
        "ViolationKind": "communities.models.incidents.ViolationCount.Kind",
        "WarningDecision": "communities.models.warnings.EarlyWarning.Decision",
        "CaseState": "reintegration.models.cases.State",
        "OpportunityKind": "reintegration.models.offers.Opportunity.Kind",
        "OpportunityStatus": "reintegration.models.offers.Opportunity.Status",
        "ReferralState": "reintegration.models.referrals.Referral.State",
        "ReferralDecline": "reintegration.models.referrals.Referral.Decline",
        "ChildKind": "reintegration.models.children.CountKind",
        "OfferAnswer": "reintegration.models.offers.Answer",
        "InstrumentSubject": "surveys.models.instruments.Instrument.Subject",
        "ScoringRule": "surveys.models.instruments.InstrumentVersion.Rule",
        "RoundSubject": "surveys.models.rounds.SurveyRound.Subject",
        "RoundStage": "surveys.models.rounds.SurveyRound.Stage",
        "RoundStatus": "surveys.models.rounds.SurveyRound.Status",
        "ComplaintConduct": "institutions.models.complaints.ComplaintKind.Kind",
        "EmptyReason": "reporting.models.figures.EmptyReason",
        "NoNumberReason": "reporting.rules.Reason",
        "PublishedStatus": "reporting.models.published.PublishedNumber.Status",
    },
    "DESCRIPTION": "What partners read and report. Numbers are strings, errors are problem+json, lists are cursor pages.",
}
