"""Every main page: accessible by day and by night, and readable on the narrowest phone."""

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests import factories
from webapp.accounts.models import Role
from webapp.comments.models import CommentState
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
    *("/reminders/history", "/settings", "/settings/letters"),
    *("/posts/{id}/revisions", "/posts/{id}/revisions/2", "/posts/{draft}/previews", "/posts/{id}/authors"),
    *("/posts/{draft}/review", "/posts/{trashed}/deletion", "/review"),
    "/comments/moderation",
    "/settings/export",
]
PAGES = [(False, path) for path in FOR_EVERYONE] + [(True, path) for path in FOR_AUTHORS]

pytestmark = pytest.mark.parametrize(("is_author", "path"), PAGES)


@pytest.fixture
def places(world):
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
    db.session.commit()
    return {
        "slug": post.slug,
        "id": post.id,
        "draft": draft.id,
        "trashed": trashed.id,
        "token": token,
        "comment": comment.id,
    }


@pytest.fixture
def opened(is_author, path, browser, window, world, client, places):
    """A function that opens the page in a window of some kind."""
    browser.expected = ("404",)  # Chromium says so on the console

    def opened(**options):
        page = window(world.alice if is_author else None, client, **options)
        page.goto(path.format(**places))
        return page

    return opened


def test_axe_finds_nothing_by_day_or_by_night(opened):
    page = opened(color_scheme="light", bypass_csp=True)
    for light in ("light", "dark"):
        page.emulate_media(color_scheme=light, reduced_motion="reduce")
        found = Axe().run(page, options={"resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{light}\n{found.generate_report()}"


def test_axe_finds_nothing_in_chinese_and_a_narrow_phone_shows_all(opened):
    page = opened(color_scheme="light", locale="zh-CN", bypass_csp=True)
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, too_wide(page)


def test_a_page_is_whole_on_every_screen(opened):
    page = opened()
    assert page.title().strip()
    assert page.locator("h1").count() == 1
    assert page.locator("main").count() == 1
    assert page.locator("html").get_attribute("lang")
    page.set_viewport_size({"width": 390, "height": 844})
    assert too_small(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, too_wide(page)


def too_small(page: Page) -> list[str]:
    """What a finger cannot hit. WCAG 2.2, 2.5.8: 24 by 24 CSS pixels, links within a line of text excepted."""
    return page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, nav a")]
            .filter(it => it.getClientRects().length && !it.closest(".skip, .unseen"))
            .map(it => [it, it.type === "checkbox" || it.type === "radio" ? (it.labels[0] || it) : it])
            .filter(([, box]) => box.getBoundingClientRect().height < 23.5)
            .map(([it]) => it.outerHTML.slice(0, 120))"""
    )


def too_wide(page: Page) -> list[str]:
    """What stands out over the right edge, for the message."""
    return page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(it => it.getBoundingClientRect().right > innerWidth + 1 && !it.closest("pre, table"))
            .map(it => it.outerHTML.slice(0, 120))"""
    )
