"""Tokens of Microsoft Entra as passwords of PostgreSQL: a fresh one for each new connection.

A token holds for about an hour, a connection for as long as it is kept: the
server asks for it at the beginning alone. azure-identity keeps the token and
renews it before it ends, so that a new connection seldom waits for one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
"""What a token for Azure Database for PostgreSQL is asked for."""


WAITS: Final[dict[str, Any]] = {"connection_timeout": 3, "read_timeout": 5, "retry_total": 1}
"""Seconds for the identity service, which is on the machine or near it; it is asked once more."""


class NoToken(psycopg.OperationalError):
    """The identity could not sign in: no connection was tried."""


@lru_cache(maxsize=4)
def credential(authentication: str, client_id: str) -> TokenCredential:
    """Return what signs in, one for the process: it keeps the tokens. client_id names a user-assigned identity."""
    # Slow to import, and needed where there is no password alone.
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if authentication == "ActiveDirectoryMSI":
        return ManagedIdentityCredential(client_id=client_id or None, **WAITS)
    return DefaultAzureCredential(managed_identity_client_id=client_id or None, **WAITS)


def token(authentication: str, client_id: str) -> str:
    """Return a token that holds at the moment; raises `NoToken`, as a database that can't be reached."""
    from azure.core.exceptions import AzureError

    try:
        return credential(authentication, client_id).get_token(SCOPE).token
    except AzureError as error:
        raise NoToken(f"No token from Entra ID: {type(error).__name__}") from error
