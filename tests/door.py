"""A visitor who reads pages, follows links and fills in forms, as a browser without JavaScript does."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient


@dataclass(frozen=True)
class Page:
    """An answer, read."""

    status: int
    path: str
    html: str

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.html, "html.parser")

    @property
    def text(self) -> str:
        """The words of the page, with single spaces."""
        return " ".join(self.soup.get_text(" ").split())

    def has_button(self, label: str) -> bool:
        return any(label in _label(button) for button in self.soup.select("form button"))

    def button(self, label: str) -> Tag:
        """The first button of a form that is labelled so: exactly, or else in part."""
        buttons = self.soup.select("form button, form input[type=submit]")
        found = [each for each in buttons if _label(each) == label] or [
            each for each in buttons if label in _label(each)
        ]
        assert found, f"no button {label!r} on {self.path}; there are {[_label(each) for each in buttons]}"
        return found[0]

    def fields(self, form: Tag) -> dict[str, object]:
        """What a form would send untouched."""
        values: dict[str, object] = {}
        for each in form.select("input[name], textarea[name], select[name]"):
            name, kind = str(each["name"]), each.get("type", "")
            if each.name == "select":
                chosen = each.select_one("option[selected]") or each.select_one("option")
                values[name] = chosen.get("value", chosen.get_text()) if chosen else ""
            elif each.name == "textarea":
                values[name] = each.get_text().replace("\r\n", "\n").removeprefix("\n")
            elif kind in {"checkbox", "radio"}:
                if each.has_attr("checked"):
                    values[name] = each.get("value", "on")
            elif kind not in {"submit", "button", "image", "file"}:
                values[name] = each.get("value", "")
        return values


class Visitor:
    """One person at one browser."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.page: Page | None = None

    def visit(self, address: str) -> Page:
        """Opens an address; of a full one, as mails hold, only the path counts. Follows redirects."""
        parts = urlsplit(address)
        return self._read(
            self.client.get(parts.path + (f"?{parts.query}" if parts.query else ""), follow_redirects=True)
        )

    def fill(self, **fields: object) -> Page:
        """Fills in the form that asks for these fields and presses its first button."""
        assert self.page is not None, "visit a page first"
        forms = self.page.soup.select("main form") + self.page.soup.select("form")
        for form in forms:
            if set(fields) <= {str(each["name"]) for each in form.select("[name]")}:
                return self._send(form, form.select_one("button"), fields)
        raise AssertionError(f"no form on {self.page.path} asks for {sorted(fields)}")

    def act(self, action: str, **fields: object) -> Page:
        """Presses the button that sends ``action``, whatever it is called, with these fields filled in."""
        assert self.page is not None, "visit a page first"
        button = self.page.soup.select_one(f'button[name=action][value="{action}"]')
        assert isinstance(button, Tag), f"no button for {action!r} on {self.page.path}"
        return self._send(self._form_of(button), button, fields)

    def press(self, label: str, **fields: object) -> Page:
        """Fills in the form that has this button, presses it, and follows where it leads."""
        assert self.page is not None, "visit a page first"
        button = self.page.button(label)
        return self._send(self._form_of(button), button, fields)

    def _form_of(self, button: Tag) -> Tag:
        form = button.find_parent("form") or self.page.soup.select_one(f"form#{button.get('form')}")
        assert isinstance(form, Tag)
        return form

    def _send(self, form: Tag, button: Tag, fields: dict[str, object]) -> Page:
        page, label = self.page, _label(button)
        values = page.fields(form)
        unknown = set(fields) - {str(each["name"]) for each in form.select("[name]")}
        assert not unknown, f"the form with {label!r} on {page.path} has no {sorted(unknown)}; it has {sorted(values)}"
        if button.get("name"):
            values[str(button["name"])] = button.get("value", "")
        target = str(button.get("formaction") or form.get("action") or page.path)
        method = str(button.get("formmethod") or form.get("method") or "get").lower()
        sent = {name: value for name, value in {**values, **fields}.items() if value is not None}
        key = "data" if method == "post" else "query_string"
        path = urlsplit(target).path or urlsplit(page.path).path
        return self._read(self.client.open(path, method=method.upper(), follow_redirects=True, **{key: sent}))

    def _read(self, answer) -> Page:
        self.page = Page(answer.status_code, answer.request.full_path.removesuffix("?"), answer.text)
        return self.page


def local(link: str) -> str:
    """Where a link of a mail leads on this site."""
    return link.removeprefix("http://localhost")


def _label(button: Tag) -> str:
    return " ".join((button.get_text(" ") or str(button.get("value", ""))).split()) or str(button.get("aria-label", ""))
