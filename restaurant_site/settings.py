"""Settings, read from the environment. docs/settings.md lists every variable.

Production is the default: a deployment that forgets ``SITE_ENV`` is refused for
want of its secrets, instead of serving with a known key.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.contrib.messages import constants as message_levels
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from restaurant_site import env, release
from restaurant_site.caching import aliases, connector
from restaurant_site.database import urls
from restaurant_site.database.connector import database_url
from restaurant_site.photos import where

BASE_DIR = Path(__file__).resolve().parent.parent
env.read_env_file(BASE_DIR / ".env")

SITE_ENV = env.choice("SITE_ENV", ("production", "development"), "production")
PRODUCTION = SITE_ENV == "production"
DEBUG = not PRODUCTION and env.boolean("DEBUG", False)

SECRET_KEY = env.text("SECRET_KEY", None if PRODUCTION else "development-only-" + "k" * 40)
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS", [])
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", None if PRODUCTION else ["localhost", "127.0.0.1", "[::1]", "testserver"])
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])

# Where mails send people to; no slash at its end.
SITE_URL = env.url("SITE_URL", ("https", "http"), None if PRODUCTION else "http://127.0.0.1:8000").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "restaurant_site",
    "restaurant_site.caching",
    "restaurant_site.accounts",
    "reservations",
    "menus",
]

MIDDLEWARE = [
    "restaurant_site.headers.ProtectingHeaders",
    "restaurant_site.middleware.Health",
    "restaurant_site.observing.exposing.Metrics",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Ahead of what may answer with an error page: the page has a language.
    "restaurant_site.middleware.LanguageByPath",
    "restaurant_site.middleware.RequestBounds",
    "restaurant_site.limits.middleware.Limits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "restaurant_site.middleware.Gone",
    "restaurant_site.signed_out.SignedOut",
    "restaurant_site.accounts.middleware.SecondFactor",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "restaurant_site.urls"
WSGI_APPLICATION = "restaurant_site.wsgi.application"

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
            ],
        },
    },
]

# --- Database ---------------------------------------------------------------

DATABASE_URL = database_url()
DATABASES = {"default": urls.database(DATABASE_URL)}
# For reports and exports alone: restaurant_site.database.replica.
if DATABASE_REPLICA_URL := env.url("DATABASE_REPLICA_URL", urls.SCHEMES, ""):
    DATABASES["replica"] = urls.replica(DATABASE_REPLICA_URL, of=DATABASE_URL)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache ------------------------------------------------------------------
# In development, where no Redis server can be had, REDIS_URL is the word
# "none": the caches are bypassed and sessions live in the database alone.

_CONNECTED = connector.connected_url()
CACHE_BYPASSED = not PRODUCTION and env.text("REDIS_URL", _CONNECTED or "none") == "none"
REDIS_URL = "" if CACHE_BYPASSED else connector.redis_url("REDIS_URL", _CONNECTED or None)
# Sessions may have a Redis of their own, where what is cached does not drive them out.
SESSIONS_REDIS_URL = "" if CACHE_BYPASSED else connector.redis_url("SESSIONS_REDIS_URL", REDIS_URL)
if CACHE_BYPASSED and env.text("SESSIONS_REDIS_URL", ""):
    raise ImproperlyConfigured("SESSIONS_REDIS_URL is set, but REDIS_URL is none.")
CACHES = aliases.bypassed() if CACHE_BYPASSED else aliases.caches(REDIS_URL, SESSIONS_REDIS_URL)
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True
DJANGO_REDIS_LOGGER = "restaurant_site.cache"

# restaurant_site.caching: docs/caching.md.
CACHE_ENABLED = not CACHE_BYPASSED
# A public page that uses what is one visitor's is an error, instead of uncached.
CACHE_STRICT = not PRODUCTION
# How many of a worker's threads make pages at once; the others stay free for hits and bookings.
CACHE_FILLS = 3
# Two releases serve side by side during a swap, each with entries of its own.
RELEASE = env.text("RELEASE", release.digest(BASE_DIR))

SESSION_ENGINE = "restaurant_site.caching.sessions"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
# Staff sign in once a service day, however busy they are meanwhile. Seconds.
STAFF_SESSION_AGE = 60 * 60 * 14
# A browser takes a cookie of such a name over HTTPS alone, for this host alone, and for all of it.
COOKIE_PREFIX = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "restaurant_site.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
MESSAGE_LEVEL = message_levels.INFO

# --- E-mail -----------------------------------------------------------------
# Messages are rows; the job loop sends them through this server. docs/messages.md.

_MAIL = env.mail_url("EMAIL_URL", None if PRODUCTION else "consolemail://", console=not PRODUCTION)
EMAIL_BACKEND = _MAIL.backend
EMAIL_HOST, EMAIL_PORT = _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.starttls, _MAIL.tls
EMAIL_FROM = env.mailbox("EMAIL_FROM", None if PRODUCTION else "Tafel <book@tafel.example>")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = EMAIL_FROM
# Seconds that a server may take for each answer; a sender must not hang for longer.
EMAIL_TIMEOUT = 10

# --- History ----------------------------------------------------------------
# Events are written to the database; with COSMOS_URL the job loop copies them to
# Azure Cosmos DB for NoSQL, from where staff then read them. docs/history.md.

COSMOS_URL = env.url("COSMOS_URL", ("https", "http"), "")
# Without a key the machine's own identity signs in.
COSMOS_KEY = env.text("COSMOS_KEY", "")
COSMOS_DATABASE = env.text("COSMOS_DATABASE", "restaurants")
COSMOS_CONTAINER = env.text("COSMOS_CONTAINER", "history")
# 0 is for ever. The container counts in seconds, up to 2**31 of them.
COSMOS_TTL_DAYS = env.integer("COSMOS_TTL_DAYS", 0, low=0, high=24_855)
HISTORY_COPIED = bool(COSMOS_URL)

# --- People -----------------------------------------------------------------

AUTH_USER_MODEL = "reservations.User"
# What staff may do goes by their roles at restaurants: docs/roles.md.
AUTHENTICATION_BACKENDS = ["restaurant_site.accounts.locking.Gate", "reservations.access.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
# Whether owners, managers, superusers, and hosts where their restaurant wants it, need a code besides the password.
SECOND_FACTOR = env.choice("SECOND_FACTOR", ("required", "off"), "required" if PRODUCTION else "off")
OTP_TOTP_ISSUER = "Tafel"
# Failed sign-ins are counted by django-axes, in the way of restaurant_site.accounts: docs/accounts.md.
AXES_HANDLER = "restaurant_site.accounts.locking.Attempts"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = dt.timedelta(minutes=15)
AXES_USERNAME_FORM_FIELD = "username"
AXES_CLIENT_IP_CALLABLE = "restaurant_site.accounts.attempts.address_of"
AXES_LOCKOUT_CALLABLE = "restaurant_site.accounts.locking.locked_out"
# A locked sign-in does not begin the wait anew: nobody is kept out by asking again and again.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

# Who runs the site and answers for what it keeps: shown on its privacy page.
OPERATOR = env.text("OPERATOR", "")
OPERATOR_EMAIL = env.mailbox("OPERATOR_EMAIL", "") if env.text("OPERATOR_EMAIL", "") else ""

# --- Language and time ------------------------------------------------------
# Times are stored in UTC and shown in the restaurant's own zone.

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German")), ("ja", _("Japanese"))]
LOCALE_PATHS = [BASE_DIR / "restaurant_site" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Static files -----------------------------------------------------------

STATIC_URL = "static/"
# Only production collects: a folder that is not there makes WhiteNoise warn.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
# Development serves straight from the source folders, production what
# `collectstatic` hashed and compressed.
WHITENOISE_USE_FINDERS = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Photos -----------------------------------------------------------------
# docs/photos.md. Without a place to keep them, which production has to name, staff can't add any.

PHOTOS_URL = env.url("PHOTOS_URL", where.SCHEMES, "" if PRODUCTION else (BASE_DIR / "var" / "photos").as_uri())
PHOTOS_KEY = env.text("PHOTOS_KEY", "")
STORAGES |= where.storages(PHOTOS_URL, PHOTOS_KEY)
# Where browsers fetch them, if not from the site itself; no slash at its end.
PHOTOS_BASE_URL = env.url("PHOTOS_BASE_URL", ("https", "http"), "").rstrip("/")

# --- Security ---------------------------------------------------------------

# The name and shape of Django 6's setting; restaurant_site.headers sends it
# until then. Constant, without a nonce: a nonce would make pages uncacheable.
SECURE_CSP = {
    "default-src": ["'self'"],
    "img-src": ["'self'", "data:", *where.origins(PHOTOS_BASE_URL)],
    "object-src": ["'none'"],
    "base-uri": ["'self'"],
    "form-action": ["'self'"],
    "frame-ancestors": ["'none'"],
}
# What browsers can do and no page of ours asks for.
PERMISSIONS_DENIED = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
# How many proxies stand in front, each appending to X-Forwarded-For; App Service's front end is one.
TRUSTED_HOPS = env.integer("TRUSTED_HOPS", 1 if PRODUCTION else 0, low=0, high=10)
# Per cent of each limit of restaurant_site/limits/table.py; 0 switches them off.
LIMITS_SCALE = env.integer("LIMITS_SCALE", 100, low=0, high=10_000)
# A diner's form that is sent faster than this is asked for once more; 0 asks nobody.
FORM_MILLISECONDS = env.integer("FORM_MILLISECONDS", 1500 if PRODUCTION else 0, low=0, high=60_000)
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
# A request body above this is answered by the RequestBounds middleware before any
# of it is parsed; the longest form of the site is far below. Bytes.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# Where staff bring files, by how the address ends. The pages bound the files themselves, and say so. Bytes.
UPLOAD_PATHS = ("/admin/reservations/bookingimport/add/",)
UPLOAD_MAX_SIZE = 6 * 1024 * 1024
# The forms with a photo, whose field refuses what is above 8 MB in words; this bounds the whole request. Bytes.
PHOTO_PATHS = r"/admin/(reservations/restaurant|menus/dish)/(add|[0-9]+/change)/\Z"
PHOTO_UPLOAD_MAX_SIZE = 24 * 1024 * 1024

# --- Logging ----------------------------------------------------------------

LOG_FORMAT = env.choice("LOG_FORMAT", ("json", "text"), "json" if PRODUCTION else "text")
# One line a request on standard output: docs/observing.md.
ACCESS_LOG = env.boolean("ACCESS_LOG", PRODUCTION)
# Who has it may read /metrics; without it nobody may. The job loop's are read at an address of its own.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("METRICS_TOKEN is too short to be a secret: use at least 16 random characters.")
METRICS_BIND = env.address("METRICS_BIND")
if METRICS_BIND and not METRICS_TOKEN:
    raise ImproperlyConfigured("METRICS_BIND serves metrics to who has METRICS_TOKEN, which is not set.")
# Traces are sent to Azure Monitor where this says to which: the library is imported then alone.
APPLICATIONINSIGHTS_CONNECTION_STRING = env.text("APPLICATIONINSIGHTS_CONNECTION_STRING", "")
if APPLICATIONINSIGHTS_CONNECTION_STRING:
    MIDDLEWARE.insert(0, "restaurant_site.observing.spans.Spans")
# What takes longer is told in the log, in milliseconds; 0 tells of none.
SLOW_QUERY_MS = env.integer("SLOW_QUERY_MS", 500, low=0, high=600_000)
SLOW_PAGE_MS = env.integer("SLOW_PAGE_MS", 2000, low=0, high=600_000)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Without people: docs/privacy.md. Whatever other format is chosen, it must go through the same.
    "formatters": {
        "text": {
            "()": "restaurant_site.observing.lines.TextLine",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "restaurant_site.observing.lines.JsonLine"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"level": "INFO", "propagate": True, "handlers": []},
        "django.server": {"level": "INFO", "propagate": False, "handlers": ["console"]},
        # A stray Host header is the visitor's error, not the operator's.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # Two lines for every request, with its headers.
        "azure": {"level": "WARNING"},
    },
}
