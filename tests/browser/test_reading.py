"""What scripts add for a reader and a writer: copying a listing; a picture pasted into the text, then at the head."""

import re
from datetime import UTC, datetime

from playwright.sync_api import expect

from tests import factories
from webapp.core import markdown
from webapp.extensions import db

PASTE = """async (area) => {
    const canvas = new OffscreenCanvas(64, 48);
    canvas.getContext("2d").fillRect(8, 8, 40, 20);
    const given = new DataTransfer();
    given.items.add(new File([await canvas.convertToBlob()], "quay.png", { type: "image/png" }));
    area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
}"""


def test_a_listing_is_copied_by_keyboard(browser, world):
    body = "```python\nprint('one')\n```"
    factories.post(world.alice, slug="code", html=markdown.render(body).html, published_at=datetime.now(UTC))
    db.session.commit()
    page = browser.window(permissions=["clipboard-read", "clipboard-write"])
    page.goto("/posts/code")
    page.get_by_role("button", name="Copy").press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_focused()
    assert page.evaluate("navigator.clipboard.readText()") == "print('one')\n"


def test_without_scripts_a_listing_has_no_button(browser, world):
    factories.post(world.alice, slug="code", html="<pre><code>x</code></pre>", published_at=datetime.now(UTC))
    db.session.commit()
    page = browser.window(java_script_enabled=False)
    page.goto("/posts/code")
    assert page.get_by_role("button", name="Copy").count() == 0


def test_a_pasted_picture_is_kept_shown_and_put_at_the_head(window, world, client):
    draft = factories.post(world.alice, "At sea", body="")
    db.session.commit()
    page = window(world.alice, client)
    page.goto(f"/posts/{draft.id}/edit")
    page.locator("#editor[data-pictures]").wait_for()
    page.get_by_role("button", name="Add a picture").wait_for()  # the script has come
    page.locator("#body").evaluate(PASTE)
    page.get_by_label("quay.png").fill("An empty quay")
    expect(page.locator("#body")).to_have_value(re.compile(r"!\[An empty quay\]\(/images/\w+/quay\.png\)"))
    page.get_by_role("button", name="Publish now").press("Enter")
    page.goto(f"/posts/{draft.id}/edit")
    page.get_by_text("Picture at the head").first.click()
    page.locator(".covers label").last.locator("input").check()
    page.get_by_role("button", name="Save changes").press("Enter")
    page.get_by_role("link", name="Read", exact=True).click()
    for place in ("img.u-featured", ".prose img"):
        shown = page.locator(place)
        assert shown.evaluate("it => it.decode().then(() => it.offsetWidth)") == 64
    assert page.locator(".prose img").get_attribute("alt") == "An empty quay"


def test_a_post_is_printed_by_day_whole_and_without_tools(browser, world):
    text = f"[A link](https://example.org/frost).[^1]\n\n```\n{'x' * 400}\n```\n\n[^1]: A note."
    post = factories.post(world.alice, slug="code", html=markdown.render(text).html, published_at=datetime.now(UTC))
    factories.comment(post, world.bob)
    db.session.commit()
    page = browser.window(color_scheme="dark", viewport={"width": 700, "height": 900})
    page.context.add_cookies([{"name": "theme", "value": "dark", "url": browser.address}])
    page.goto("/posts/code")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.emulate_media(media="print")
    expect(page.locator(".prose")).to_have_css("color", "rgb(23, 28, 26)")
    listing = page.locator("pre")
    assert listing.evaluate("it => it.scrollWidth <= it.clientWidth")
    for away in ("nav", ".copy", ".foot", "#comments", ".notes a"):
        assert page.locator(away).count() > 0, away
        expect(page.locator(away).first).to_be_hidden()
    written = page.locator(".prose a").first.evaluate("it => getComputedStyle(it, '::after').content")
    assert "https://example.org/frost" in written
