"""A small world to look at: three authors, a reader and a few weeks of posts. Everyone in it is made up.

Nobody in it can sign in, since none of them has a password, and none of them gets mail: their addresses are in
``example.org``, and nothing here writes to anyone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from webapp.accounts import operations as accounts
from webapp.accounts import queries as people
from webapp.accounts.models import Person, Role
from webapp.comments import operations as comments
from webapp.posts import operations as posts
from webapp.posts import queries
from webapp.posts.models import Post

TEXTS = Path(__file__).parent / "sample"


@dataclass(frozen=True)
class SamplePerson:
    name: str
    email: str
    zone: str
    bio: str
    role: Role = Role.AUTHOR


@dataclass(frozen=True)
class SamplePost:
    """A post; its text lies in ``sample/<slug>.md``. ``age`` is how long ago it appeared."""

    slug: str
    title: str
    by: SamplePerson
    age: timedelta
    tags: tuple[str, ...]


WREN = SamplePerson(
    "Wren Halloway",
    "wren@example.org",
    "Europe/Dublin",
    "Gardens badly and in earnest. Made up, along with the garden, to show you around.",
)
PIET = SamplePerson(
    "Piet Larkspur",
    "piet@example.org",
    "Europe/Amsterdam",
    "Looks after small programs that run at night. A sample author; the programs are invented too.",
)
LU = SamplePerson(
    "陆白露",
    "lu@example.org",
    "Asia/Shanghai",
    "写院子、晾衣绳和不着急的事。虚构的作者，为样板而写。",  # noqa: RUF001  # Chinese has its own comma
)
READER = SamplePerson("Fern Tilley", "fern@example.org", "America/Halifax", "Reads.", Role.READER)
PEOPLE = (WREN, PIET, LU, READER)

POSTS = (
    SamplePost("letters-to-the-kettle", "Letters to the kettle", WREN, timedelta(days=9, hours=2), ("time", "home")),
    SamplePost("counting-to-one", "Counting to one", PIET, timedelta(hours=20), ("code", "mail")),
    SamplePost("a-slow-heap", "A slow heap", WREN, timedelta(days=2, hours=3), ("garden",)),
    SamplePost("liang-yi-sheng", "晾衣绳上的时间表", LU, timedelta(days=4, hours=1), ("院子", "时间")),
    SamplePost("five-stars-and-a-saturday", "Five stars and a Saturday", PIET, timedelta(days=6), ("code", "time")),
    SamplePost("the-ferry-that-waits", "The ferry that waits", WREN, timedelta(days=11, hours=5), ("time",)),
    SamplePost(
        "the-lighthouse-changelog", "The lighthouse changelog", PIET, timedelta(days=16, hours=2), ("small things",)
    ),
    SamplePost("seed-packets-read-closely", "Seed packets, read closely", WREN, timedelta(days=23), ("garden",)),
)


COMMENTS = (
    (READER, "Ours whistles in F sharp, but only when it rains.", timedelta(days=8)),
    (WREN, "Then it knows more about the weather than mine.", timedelta(days=7, hours=20)),
    (PIET, "> letters\n\nDo you post them, or does the kettle collect?", timedelta(days=5)),
)
"""What is said about the first of the posts; the second answers the first."""


def sample_world(now: datetime) -> int:
    """Adds what is missing of the sample world, and says how many people and posts that was.

    What someone has changed, moved or put in the trash since stays as it is.
    """
    added = 0
    found: dict[SamplePerson, Person] = {}
    for sample in PEOPLE:
        person = people.by_email(sample.email)
        if person is None:
            person = _add_person(sample, now)
            added += 1
        found[sample] = person
    for each in POSTS:
        if not queries.taken([each.slug]):
            post = _add_post(each, found[each.by], now)
            if each is POSTS[0]:
                _add_comments(post, found, now)
            added += 1
    return added


def _add_person(sample: SamplePerson, now: datetime) -> Person:
    person = accounts.create_person(
        email=sample.email, name=sample.name, password=None, role=sample.role, confirmed=True, zone=sample.zone, now=now
    )
    person.bio = sample.bio
    return person


def _add_post(sample: SamplePost, author: Person, now: datetime) -> Post:
    """Writes a post as of the day it is said to have appeared."""
    then = now - sample.age
    body = (TEXTS / f"{sample.slug}.md").read_text(encoding="utf-8")
    post = posts.write(author=author, title=sample.title, body=body, tags=list(sample.tags), slug=sample.slug, now=then)
    posts.publish(post, by=author, now=then)
    return post


def _add_comments(post: Post, found: Mapping[SamplePerson, Person], now: datetime) -> None:
    first = None
    for sample, body, age in COMMENTS:
        parent = first if sample is WREN else None
        person = found[sample]
        said = comments.bring_in(post, name=person.name, body=body, created_at=now - age, person=person, parent=parent)
        first = first or said
