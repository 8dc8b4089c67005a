"""What the tests of accounts do again and again."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from tests.world import post_form

PASSWORD = "seven herons on a wire"


class Joining:
    """Someone who wants an account: the form, the mail, the link."""

    def __init__(self, client, smtp, jobs) -> None:
        self.client, self.smtp, self.jobs = client, smtp, jobs

    def register(self, email="mira@example.org", name="Mira", password=PASSWORD, **fields):
        answer = post_form(self.client, "/register", email=email, name=name, password=password, **fields)
        self.jobs.run()
        return answer

    def links(self, email="mira@example.org") -> list[str]:
        """The links of all confirmations sent to an address, oldest first, as paths."""
        return [mail.link().removeprefix("http://localhost") for mail in self.smtp.to(email, "confirm")]

    def follow(self, link: str):
        """Opens a link and presses its button."""
        return post_form(self.client, link)

    def sign_in(self, email="mira@example.org", password=PASSWORD, **fields):
        return post_form(self.client, "/login", email=email, password=password, **fields)


@pytest.fixture
def joining(client, smtp, jobs) -> Joining:
    return Joining(client, smtp, jobs)


@pytest.fixture
def reading():
    """The words of an answer."""

    def read(answer) -> str:
        return " ".join(BeautifulSoup(answer.data, "html.parser").get_text(" ").split())

    return read


@pytest.fixture
def signed_in_as():
    """The name in the masthead, or None when nobody is signed in."""

    def name(client) -> str | None:
        page = client.get("/settings")
        if page.status_code == 303:
            return None
        assert page.status_code == 200
        return BeautifulSoup(page.data, "html.parser").select_one(".mast a[href='/settings']").get_text()

    return name
