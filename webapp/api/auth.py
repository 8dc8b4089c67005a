"""Who is calling: bearer tokens (RFC 6750) in the Authorization header and nowhere else. No cookie counts here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import g, request
from flask_limiter.util import get_remote_address
from flask_smorest import Blueprint
from werkzeug.exceptions import Forbidden

from webapp.accounts import queries
from webapp.accounts.models import ApiToken, Person, Scope
from webapp.api.problems import Challenge

View = TypeVar("View", bound=Callable[..., Any])


def authenticate() -> None:
    """Lets a request with a good token in, before anything else about it is looked at."""
    if token() is not None:
        return
    if "Authorization" in request.headers:
        raise Challenge("That token is not valid here, or not any more.", "invalid_token")
    raise Challenge("Send a token as Authorization: Bearer TOKEN.")


def token() -> ApiToken | None:
    """The token this request carries, if it is a good one."""
    if "api_token" not in g:
        sent = request.authorization
        is_bearer = sent is not None and sent.type == "bearer" and sent.token
        g.api_token = queries.by_token(cast(str, sent.token)) if sent and is_bearer else None
    return cast(ApiToken | None, g.api_token)


def caller() -> Person:
    """The person whose token this is."""
    found = token()
    if found is None:
        raise Challenge("Send a token as Authorization: Bearer TOKEN.")
    return found.person


def needs(scope: Scope) -> Callable[[View], View]:
    """Keeps a view for tokens with ``scope``, and says so in the OpenAPI document."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            found = token()
            if found is None or scope not in found.scopes:
                raise Forbidden(f"This needs a token with the scope {scope}.")
            return view(*args, **kwargs)

        return cast(View, Blueprint.doc(security=[{"token": [str(scope)]}])(guarded))

    return decorate


def payer() -> str:
    """On whose account a request is counted: the token's or, without a good one, the address it came from."""
    found = token()
    return f"token:{found.id}" if found else f"address:{get_remote_address()}"
