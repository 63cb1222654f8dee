"""Which Redis the environment names: by a URL, or by the variables that Azure's Service Connector sets."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from restaurant_site import env
from restaurant_site.caching.addresses import BadAddress, of_connector, read


def redis_url(name: str, default: str | None = None) -> str:
    """Return the URL of a Redis of any kind. The value may hold a password: it is never shown."""
    value = env.text(name, default)
    try:
        read(value)
    except BadAddress as error:
        raise ImproperlyConfigured(f"{name} {error}") from None
    return value


def passed_over() -> list[str]:
    """Return the variables of Service Connector that are set, and not looked at, since REDIS_URL is set too."""
    names = [f"AZURE_REDIS_{name}" for name, value in _given().items() if value]
    return names if env.text("REDIS_URL", "") else []


def connected_url() -> str:
    """Return the URL of the Redis that is connected to the app; "" where none is, or where REDIS_URL is set."""
    if env.text("REDIS_URL", ""):
        return ""
    given = _given()
    name = "AZURE_REDIS_CONNECTIONSTRING" if given["CONNECTIONSTRING"] else "AZURE_REDIS_HOST"
    try:
        url = of_connector(given)
        if url:
            read(url)
    except BadAddress as error:
        raise ImproperlyConfigured(f"{name} {error}") from None
    return url


def _given() -> dict[str, str]:
    return {
        "CONNECTIONSTRING": env.text("AZURE_REDIS_CONNECTIONSTRING", ""),
        "HOST": env.text("AZURE_REDIS_HOST", ""),
        "PORT": env.text("AZURE_REDIS_PORT", ""),
        "DATABASE": env.text("AZURE_REDIS_DATABASE", ""),
        "PASSWORD": env.text("AZURE_REDIS_PASSWORD", ""),
        "SSL": env.text("AZURE_REDIS_SSL", ""),
        "CLIENTID": env.text("AZURE_REDIS_CLIENTID", ""),
        "CLIENTSECRET": env.text("AZURE_REDIS_CLIENTSECRET", ""),
    }
