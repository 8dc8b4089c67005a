"""Every page there is: its address, and who looks at it. A test compares the list with the routes of the application.

What stands in an address, and what is on the pages, comes from :mod:`tests.full_site`; the fixture `places` makes it.
"""

from __future__ import annotations

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
    "/unsubscribe/reviews-{quiet}",
    "/nowhere",
    *("/register/sent", "/reset/sent", "/subscribe/sent", "/comments/sent"),
    *("/confirm/{join}", "/confirm/letter-{letter}", "/confirm/comment-{say}", "/reset/{reset}"),
    *("/confirm/over", "/confirm/letter-over", "/confirm/comment-over", "/reset/over"),
    *("/unsubscribe/{leave}", "/unsubscribe/comments-{mute}", "/comments/decide/{decide}", "/reminders/act/{act}"),
    *("/digests/{digest}", "/digests/links", "/digests/stop/{stop_letter}", "/subscribe/settings/{manage}"),
    *("/confirm/follow-{more}", "/confirm/follow-over", "/confirm/still-{still}", "/confirm/still-over"),
    *("/logout", "/api/docs"),
    *("/reminders/request/{request}", "/reminders/stop/{stop}"),
]
FOR_READERS = [
    *("/", "/posts/{slug}", "/reminders", "/reminders/history", "/reminders/calendar", "/settings", "/settings/mail"),
    "/reminders/others",
    *("/comments/{own}", "/comments/{own}/edit", "/subscribe", "/write", "/reminders?post={id}"),
]
FOR_AUTHORS = [
    *("/", "/write", "/write/new", "/posts/{id}/edit", "/posts/{coming}/edit", "/images", "/images/{picture}"),
    "/images?before=x",
    *("/reminders", "/reminders/{reminder}/edit", "/reminders/history", "/reminders/calendar"),
    *("/reminders/others", "/settings"),
    *("/posts/{id}/revisions", "/posts/{id}/revisions/2", "/posts/{draft}/previews", "/posts/{id}/authors"),
    *("/posts/{draft}/review", "/posts/{trashed}/deletion", "/review"),
    "/comments/moderation",
    *("/settings/export", "/settings/letters"),
    *("/letters", "/letters/preview?reader=tomas@example.org", "/letters/{run}"),
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
    *("/settings/transfers/{export}", "/inbox/", "/inbox/{caught}", "/letters/readers"),
]
PAGES: list[tuple[str | None, str]] = [
    *((None, path) for path in FOR_EVERYONE),
    *(("bob", path) for path in FOR_READERS),
    *(("alice", path) for path in FOR_AUTHORS),
    *(("nora", path) for path in FOR_A_NEW_AUTHOR),
    *(("olive", path) for path in FOR_OPERATORS),
    *(("ada", path) for path in FOR_ADMINISTRATORS),
]
NOT_HERE = {
    "/nowhere": 404,
    "/images?before=x": 400,
    "/logout": 405,
    "/confirm/over": 410,
    "/confirm/letter-over": 410,
    "/confirm/follow-over": 410,
    "/confirm/still-over": 410,
    "/confirm/comment-over": 410,
    "/reset/over": 410,
    "/ops/mails/999999": 404,
    "/ops/mails?state=lost&address=nobody": 422,
    "/ops/explain?address=nobody": 422,
}
"""Pages that say that something is wrong."""


def status(who: str | None, path: str) -> int:
    """How a page answers."""
    return 403 if (who, path) == ("bob", "/write") else NOT_HERE.get(path, 200)


def groups(size: int = 9) -> list[tuple[str | None, list[str]]]:
    """The pages in portions, each for one person, for tests that would take long one by one."""
    made: list[tuple[str | None, list[str]]] = []
    for who, path in PAGES:
        if not made or made[-1][0] != who or len(made[-1][1]) == size:
            made.append((who, []))
        made[-1][1].append(path)
    return made
