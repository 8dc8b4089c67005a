"""What a feed says, as Atom (RFC 4287) and as JSON Feed 1.1. Every address is absolute, every id stays for good."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urljoin, urlsplit

from feedgenerator import Atom1Feed

from webapp.accounts.models import Person
from webapp.core import language, markdown, site
from webapp.core.urls import absolute
from webapp.posts.models import Post

BEFORE_ANYTHING = datetime(1970, 1, 1, tzinfo=UTC)
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
LOCAL_ADDRESS = re.compile(r'(?<=\s)(href|src)="([^"]*)"')
JSON_FEED = "https://jsonfeed.org/version/1.1"


@dataclass(frozen=True)
class Feed:
    """A list of posts as a program subscribes to it: what it is called, its page, and where it lies itself."""

    title: str
    page: str
    address: str
    posts: Sequence[Post]
    description: str = ""


class _Atom(Atom1Feed):  # type: ignore[misc]
    """Atom as the library writes it, with the language of each post, and the same twice while nothing changes."""

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=BEFORE_ANYTHING)

    def item_attributes(self, item: dict[str, Any]) -> dict[str, Any]:
        return {**super().item_attributes(item), "xml:lang": item["language"]}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for name, uri in item["co_authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.addQuickElement("uri", uri)
            handler.endElement("author")


def atom(feed: Feed) -> str:
    """The feed as Atom."""
    document = _Atom(
        title=_legal(feed.title),
        link=feed.page,
        description=_legal(feed.description) or None,
        feed_url=feed.address,
        feed_guid=feed.address,
        language=site.config().site_language,
    )
    for post in feed.posts:
        address = absolute("posts.show", slug=post.slug)
        document.add_item(
            title=_legal(post.title),
            link=address,
            description=_legal(escape(post.excerpt)),  # the library calls it HTML
            content=_legal(_with_full_addresses(post.html, address)),
            unique_id=_id(post),
            pubdate=post.published_at,
            updateddate=post.updated_at,
            author_name=_legal(post.author.name),
            author_link=_page_of(post.author),
            co_authors=[(_legal(each.name), _page_of(each)) for each in post.co_authors],
            categories=[_legal(tag.name) for tag in post.tags],
            language=language.of(f"{post.title} {post.excerpt}"),
        )
    return str(document.writeString("utf-8"))


def json(feed: Feed) -> dict[str, Any]:
    """The feed as the mapping that JSON Feed 1.1 describes."""
    return {
        "version": JSON_FEED,
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        **({"description": feed.description} if feed.description else {}),
        "language": site.config().site_language,
        "items": [_item(post) for post in feed.posts],
    }


def _item(post: Post) -> dict[str, Any]:
    address = absolute("posts.show", slug=post.slug)
    return {
        "id": _id(post),
        "url": address,
        "title": post.title,
        "summary": post.excerpt,
        "content_html": _with_full_addresses(post.html, address),
        "date_published": post.published_at.isoformat() if post.published_at else None,
        "date_modified": post.updated_at.isoformat(),
        "authors": [{"name": each.name, "url": _page_of(each)} for each in post.authors],
        "tags": [tag.name for tag in post.tags],
        "language": language.of(f"{post.title} {post.excerpt}"),
    }


def _id(post: Post) -> str:
    """A tag URI (RFC 4151): it outlives a new address for the post, since it names only the row."""
    host = urlsplit(absolute("posts.home")).hostname
    return f"tag:{host},{post.created_at:%Y-%m-%d}:posts/{post.id}"


def _page_of(person: Person) -> str:
    return absolute("posts.author", handle=person.handle)


def _with_full_addresses(html: str, base: str) -> str:
    """The text with every link and picture as a full address: a feed is read away from the site.

    Works on sanitised HTML only, where an attribute is always written ``name="value"``.
    """
    plain = markdown.without_sources(html)
    return LOCAL_ADDRESS.sub(lambda found: f'{found[1]}="{_joined(base, found[2])}"', plain)


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def _legal(text: str) -> str:
    """``text`` without the few characters that XML cannot hold: one of them would break the feed for everybody."""
    return NOT_XML.sub("", text)
