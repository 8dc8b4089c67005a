"""Commenting as a browser does, and reading what came of it."""

import altcha
from bs4 import BeautifulSoup
from sqlalchemy import select

from tests.door import Visitor
from tests.world import sign_in
from webapp.comments import policy, proof
from webapp.comments.models import Comment
from webapp.core import clock
from webapp.extensions import db as database
from webapp.settings.models import SiteSetting

PAGE = "/posts/first-frost"


class Talker(Visitor):
    """Somebody at a browser who talks about the post."""

    def __init__(self, client, person=None):
        super().__init__(sign_in(client, person) if person else client)
        self.person = person

    def say(self, body="Well said.", *, reply_to=None, **fields):
        """Fills in the form of the post's page, or the one under a comment, and posts it."""
        self.visit(f"{PAGE}?reply={reply_to.id}" if reply_to else PAGE)
        return self.press("Post reply" if reply_to else "Post comment", body=body, **fields)

    def say_as(self, name="Tomas", email="tomas@example.org", body="Well said.", *, proven=True, **fields):
        """As a visitor, whose browser has done its work."""
        return self.say(body, name=name, email=email, altcha=solved() if proven else "", **fields)

    def follow(self, words):
        """Goes where the first link of these words leads."""
        return self.visit(self.page.soup.find("a", string=words)["href"])

    def send(self, post, **fields):
        """The bare form, with whatever fields."""
        token = self.visit(PAGE).soup.select_one("[name=csrf_token]")["value"]
        return self.client.post(f"/posts/{post.id}/comments", data={"csrf_token": token, **fields})


def solved():
    """A payload as the browser's script makes it."""
    task = altcha.Challenge.from_dict(proof.challenge(clock.now()))
    return altcha.Payload(task, altcha.solve_challenge(task)).to_base64()


def rule(**rules):
    """Sets the site's rules."""
    database.session.merge(SiteSetting(name=policy.NAME, value=rules))
    database.session.commit()


def comments():
    database.session.expire_all()
    return database.session.scalars(select(Comment).order_by(Comment.id)).all()


def the_comment():
    (found,) = comments()
    return found


def thread(page):
    """The bodies on a page as nested lists of (words, replies)."""
    soup = page.soup if hasattr(page, "soup") else BeautifulSoup(page.data, "html.parser")
    top = soup.select_one("#comments ol.thread")
    return _items(top) if top else []


def _items(listing):
    return [
        (
            (item.find(class_="said", recursive=False) or item.find("p", recursive=False)).get_text(" ", strip=True),
            _items(inner) if (inner := item.find("ol", recursive=False)) else [],
        )
        for item in listing.find_all("li", recursive=False)
    ]
