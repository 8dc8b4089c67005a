"""The list of all main pages, and a site with something on each of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests import factories
from tests.world import World
from webapp.accounts.models import Role
from webapp.comments.models import CommentState
from webapp.digests.models import DigestRun, RunState
from webapp.extensions import db
from webapp.posts import operations
from webapp.posts.operations import previews, reviewing

BODY = """
A paragraph with a [link](https://example.org/a/very/long/address/that/has/no/place/to/break/at/all/anywhere/in/it),
*emphasis* and `code`.

## A heading

> A quotation.

- one
- two

| a column | another one | a third column | and a fourth one |
|---|---|---|---|
| 1 | 2 | 3 | 4 |

```python
def a_function_with_a_long_name(and_an_argument, and_another_argument, and_one_more_argument):
    return "a line that is far wider than any phone will ever be, whatever happens to phones"
```

Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft.

这是一个很长的中文段落用来看看文字会不会换行因为中文里没有空格
"""
FOR_EVERYONE = [
    "/",
    "/archive",
    "/search",
    "/search?q=frost",
    "/posts/{slug}",
    "/@alice",
    "/tags/garden",
    "/preview/{token}",
    "/subscribe",
    "/login",
    "/register",
    "/reset",
    "/posts/{slug}?reply={comment}",
    "/nowhere",
]
FOR_AUTHORS = [
    *("/", "/write", "/write/new", "/posts/{id}/edit", "/images", "/reminders"),
    *("/reminders/history", "/reminders/calendar", "/settings", "/settings/letters"),
    *("/posts/{id}/revisions", "/posts/{id}/revisions/2", "/posts/{draft}/previews", "/posts/{id}/authors"),
    *("/posts/{draft}/review", "/posts/{trashed}/deletion", "/review"),
    "/comments/moderation",
    "/settings/export",
    *("/letters", "/letters/preview?reader=alice@example.org", "/letters/{run}"),
]
PAGES = [(False, path) for path in FOR_EVERYONE] + [(True, path) for path in FOR_AUTHORS]


def fill(world: World) -> dict[str, object]:
    """A site with something on every page. What stands in the addresses of its pages."""
    now = datetime.now(UTC)
    title = "The first frost and what it did to the dahlias behind the house"
    post = operations.write(author=world.alice, title=title, body=BODY, tags=["garden", "winter"], slug=None, now=now)
    operations.publish(post, by=world.alice, now=now)
    operations.edit(post, by=world.alice, now=now, version=None, body=BODY.replace("No", "Nothing"), tags=["garden"])
    draft = factories.post(world.alice, "A draft", with_others=[world.carol])
    _link, token = previews.share(draft, days=7, by=world.alice, now=now)
    reviewing.submit(draft, by=world.alice, now=now, words="Is the end too long?")
    trashed = factories.post(world.alice, "Old notes")
    operations.trash(trashed, by=world.alice, now=now)
    world.alice.role = Role.EDITOR
    factories.post(world.alice, "霜降一个相当长的中文标题看看它在窄屏上怎么换行", published_at=now - timedelta(days=40))
    factories.reminder(world.alice, due_at=now + timedelta(days=3))
    factories.reminder(world.alice, "Every week", due_at=now + timedelta(days=2), recurrence="FREQ=WEEKLY")
    factories.subscription(world.alice.email, follows=f"@{world.alice.id}")
    comment = factories.comment(post, world.bob, "A [link](https://example.org) and `code`.")
    for _level in range(4):
        comment = factories.comment(post, body=title.replace(" ", ""), parent_id=comment.id)
    factories.comment(post, world.bob, BODY, state=CommentState.PENDING, held=["links", "repeated"])
    run = DigestRun(
        schedule_key="weekly", slot_at=now, window_start=now - timedelta(days=7), window_end=now, state=RunState.DONE
    )
    db.session.add(run)
    db.session.commit()
    return {
        "run": run.id,
        "slug": post.slug,
        "id": post.id,
        "draft": draft.id,
        "trashed": trashed.id,
        "token": token,
        "comment": comment.id,
    }
