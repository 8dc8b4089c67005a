"""Every page there is: its address, and who looks at it. A test compares the list with the routes of the application.

What stands in an address, and what is on the pages, comes from :mod:`tests.full_site`.
"""

from __future__ import annotations

from tests.full_site import Places, fill

__all__ = ["PAGES", "Places", "fill"]

FOR_EVERYONE = [
    "/",
    "/archive",
    "/search",
    "/search?q=frost",
    "/search?q=dahliae",
    "/posts/{slug}",
    "/@alice",
    "/@nora",
    "/tags/garden",
    "/preview/{token}",
    "/subscribe",
    "/login",
    "/register",
    "/reset",
    "/posts/{slug}?reply={comment}",
    "/nowhere",
    *("/register/sent", "/reset/sent", "/subscribe/sent", "/comments/sent"),
    *("/confirm/{join}", "/confirm/letter-{letter}", "/confirm/comment-{say}", "/reset/{reset}"),
    *("/confirm/over", "/confirm/letter-over", "/confirm/comment-over", "/reset/over"),
    *("/unsubscribe/{leave}", "/unsubscribe/comments-{mute}", "/comments/decide/{decide}", "/reminders/act/{act}"),
    *("/digests/{digest}", "/images?before=x", "/logout", "/api/docs"),
]
FOR_READERS = [
    *("/", "/posts/{slug}", "/reminders", "/reminders/history", "/reminders/calendar", "/settings", "/settings/mail"),
    *("/comments/{own}", "/comments/{own}/edit", "/subscribe", "/write", "/reminders?post={id}"),
]
FOR_AUTHORS = [
    *("/", "/write", "/write/new", "/posts/{id}/edit", "/posts/{coming}/edit", "/images", "/images/{picture}"),
    *("/reminders", "/reminders/{reminder}/edit", "/reminders/history", "/reminders/calendar", "/settings"),
    *("/posts/{id}/revisions", "/posts/{id}/revisions/2", "/posts/{draft}/previews", "/posts/{id}/authors"),
    *("/posts/{draft}/review", "/posts/{trashed}/deletion", "/review"),
    "/comments/moderation",
    "/settings/export",
]
FOR_A_NEW_AUTHOR = ["/write", "/images", "/comments/moderation", "/reminders", "/settings/mail"]
FOR_OPERATORS = [
    *("/ops", "/ops/mails", "/ops/mails?state=lost&address=nobody", "/ops/mails/{mail}", "/ops/mails/999999"),
    *("/ops/runs/{run}", "/ops/forecast", "/ops/dead", "/ops/dead/{dead}", "/settings/mail"),
    *("/ops/explain", "/ops/explain?address=tomas@example.org", "/ops/explain?address=nobody"),
]
FOR_ADMINISTRATORS = [
    *("/settings/site", "/comments/settings", "/settings/import", "/settings/export", "/review"),
    *("/settings/transfers/{over}", "/settings/transfers/{under_way}", "/settings/transfers/{broken}"),
    *("/settings/transfers/{export}", "/inbox/", "/inbox/{caught}"),
]
PAGES: list[tuple[str | None, str]] = [
    *((None, path) for path in FOR_EVERYONE),
    *(("bob", path) for path in FOR_READERS),
    *(("alice", path) for path in FOR_AUTHORS),
    *(("nora", path) for path in FOR_A_NEW_AUTHOR),
    *(("olive", path) for path in FOR_OPERATORS),
    *(("ada", path) for path in FOR_ADMINISTRATORS),
]
