"""What every answer says to the browser about itself.

A view that needs something else, such as the test inbox that frames a mail, sets its own header and keeps it.
"""

from __future__ import annotations

from wsgiref.headers import Headers

from flask import Flask, Response, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin

POLICY = {
    "default-src": "'self'",
    "img-src": "'self' data: https:",  # a post may show a picture that lives elsewhere
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
ALWAYS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # an address may hold a token; no other site is told it
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
ONE_YEAR = 31_536_000


class Sessions(SecureCookieSessionInterface):
    """Sessions in a cookie, but never in an answer that is the same for everyone: caches keep it, and pass it on."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not response.cache_control.public:
            super().save_session(app, session, response)


MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""A mail brings its own styles. It runs nothing, loads nothing, and a link in it opens beside it."""


def init_app(app: Flask) -> None:
    """Adds the headers to every answer."""
    app.session_interface = Sessions()
    app.after_request(_complete)


def on_file(headers: Headers, _path: str, _address: str) -> None:
    """Adds what a static file needs: WhiteNoise answers for those before the application is asked."""
    headers["X-Content-Type-Options"] = ALWAYS["X-Content-Type-Options"]


def _complete(response: Response) -> Response:
    if "Content-Security-Policy" not in response.headers:  # a policy of its own also says who may frame the page
        response.headers["X-Frame-Options"] = "DENY"
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={ONE_YEAR}")
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = _cache_control(response)
    return response


def _cache_control(response: Response) -> str:
    """What is somebody's own stays in no cache, not even after they signed out; the rest is asked for again."""
    is_own = "_user_id" in session or request.method not in {"GET", "HEAD"} or response.status_code >= 400
    return "no-store" if is_own else "private, no-cache"
