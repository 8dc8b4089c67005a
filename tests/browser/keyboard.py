"""Hands on a keyboard, and no mouse: what has the focus is always seen, and the way to it leads forward."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

MOST = 150
FOCUSED = r"""() => {
    const it = document.activeElement;
    if (!it || it === document.body) return null;
    const words = (text) => (text || "").replace(/\s+/g, " ").trim();
    const named = (it.getAttribute("aria-labelledby") || "").split(" ").map((id) => document.getElementById(id));
    const label = it.labels && it.labels.length ? it.labels[0] : null;
    const name = it.getAttribute("aria-label") || words(named.map((each) => each && each.textContent).join(" "))
        || words(label ? label.textContent : it.textContent) || it.value || it.placeholder;
    const style = getComputedStyle(it);
    const box = it.getClientRects()[0];
    const isIn = box && box.width > 0 && box.bottom > 0 && box.top < innerHeight;
    const inside = isIn && box.right > 0 && box.left < innerWidth;
    const x = box && Math.min(Math.max(box.x + box.width / 2, 1), innerWidth - 1);
    const y = box && Math.min(Math.max(box.y + box.height / 2, 1), innerHeight - 1);
    const top = inside && document.elementFromPoint(x, y);
    const isFree = top && (it === top || it.contains(top) || top.contains(it));
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return {
        name: words(name), tag: it.localName, html: it.outerHTML.slice(0, 160), order: it.tabIndex,
        seen: Boolean(inside && isFree && outlined),
        y: box ? box.top + scrollY : -1, inMain: Boolean(it.closest("main")),
    };
}"""


class Keyboard:
    """Works a page by its keys. ``stops`` are the names of what had the focus since the last page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.on(
            "filechooser", lambda _chooser: None
        )  # from now on Chromium hands them over; to ask when one opens is late

    def open(self, path: str) -> Keyboard:
        """Types an address."""
        self.page.goto(path)
        return self

    @property
    def here(self) -> dict:
        """What has the focus: its name, whether it is seen, and where it is. Empty when nothing has it."""
        return self.page.evaluate(FOCUSED) or {}

    def tab(self, *, back: bool = False) -> dict:
        """One step. What it leads to has to be seen."""
        self.page.keyboard.press("Shift+Tab" if back else "Tab")
        here = self.here
        if here:
            assert here["order"] <= 0, f"takes a place of its own in the order: {here['html']}"
            assert here["seen"], f"has the focus and does not show it: {here['html']}"
        return here

    def to(self, name: str | re.Pattern, *, back: bool = False) -> Keyboard:
        """Steps until what has this name has the focus."""
        passed = []
        for _ in range(MOST):
            here = self.tab(back=back)
            found = here.get("name", "")
            passed.append(found)
            if name.fullmatch(found) if isinstance(name, re.Pattern) else found == name:
                return self
        pytest.fail(f"{name} cannot be reached by the keyboard, only {list(dict.fromkeys(passed))}")

    def press(self, *keys: str) -> Keyboard:
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def go(self) -> Keyboard:
        """Enter, where that leads to another page."""
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self

    def type(self, words: str) -> Keyboard:
        """Writes into the field that has the focus, over what is in it."""
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(words)
        return self

    def walk(self) -> list[dict]:
        """All stops from the top of the page to its end."""
        stops: list[dict] = []
        for _ in range(MOST):
            here = self.tab()
            if not here or (stops and here["html"] == stops[0]["html"] and here["y"] == stops[0]["y"]):
                break
            stops.append(here)
        return stops
