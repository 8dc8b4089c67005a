"""WordPress: its "WXR" export, RSS with WordPress' own elements, read item by item.

The format is documented by the program that writes it, `wp-admin/includes/export.php`, versions 1.0 to 1.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element  # the type alone; parsing is defusedxml's

from webapp.comments.models import CommentState
from webapp.portability.converting import plain
from webapp.portability.items import Author, BadSource, Comment, Item, Other, Text
from webapp.portability.readers import shortcodes, xml
from webapp.posts.models import PostState

WP = "wordpress.org/export"
TEXTS = frozenset({"post", "page"})
STATES = {
    "publish": PostState.PUBLISHED,
    "draft": PostState.DRAFT,
    "pending": PostState.DRAFT,
    "auto-draft": PostState.DRAFT,
    "private": PostState.DRAFT,
    "future": PostState.DRAFT,
}
WHY_NOT = {
    "attachment": "a file: pictures come with the posts that show them",
    "revision": "an older version of a post",
    "nav_menu_item": "part of a menu",
    "wp_navigation": "part of a menu",
    "custom_css": "part of a theme",
    "customize_changeset": "part of a theme",
    "wp_global_styles": "part of a theme",
    "wp_template": "part of a theme",
    "wp_template_part": "part of a theme",
    "wp_block": "a reusable block",
    "oembed_cache": "a cached embed",
}
OF_FILES = frozenset({"wp:post_id", "wp:attachment_url", "wp:meta_key", "wp:meta_value"})
NOT_SAID = {"spam": "it is spam there", "trash": "it is in the trash there", "post-trashed": "it is in the trash there"}
NO_DATE = "0000-00-00 00:00:00"


class WordPress:
    """One export file."""

    system = "wordpress"

    def __init__(self, path: Path) -> None:
        counted = _Overview("item", "wp:wxr_version")
        xml.read_once(path, counted)
        if counted.root != "rss" or not counted.counts["wp:wxr_version"]:
            raise BadSource("This is not a WordPress export: it has no wp:wxr_version. In WordPress: Tools, Export.")
        self.path = path
        self.total = counted.counts["item"]
        self.files = counted.files
        self.authors: dict[str, Author] = {}
        self.old_paths: dict[str, str] = {
            "/feed": "/feed.atom",
            "/feed/atom": "/feed.atom",
            "/?feed=rss2": "/feed.atom",
        }
        self.site = ""
        self._read_head()

    def items(self) -> Iterator[Item]:
        for nth, element in enumerate(xml.elements(self.path, "item")):
            yield self._item(nth, _Fields(element))

    def picture(self, address: str) -> bytes | None:  # noqa: ARG002  # the file names pictures and holds none
        return None

    def _read_head(self) -> None:
        """Who wrote, and where: all of that stands before the first item."""
        for element in xml.elements(self.path, "base_blog_url", "link", "author", "item"):
            name = xml.local(element.tag)
            if name == "item":
                break
            if name in {"base_blog_url", "link"}:
                self.site = (element.text or "").strip() if name == "base_blog_url" or not self.site else self.site
            else:
                self._note_author(_Fields(element))

    def _note_author(self, fields: _Fields) -> None:
        login = fields.wp("author_login")
        names = (fields.wp("author_display_name"), f"{fields.wp('author_first_name')} {fields.wp('author_last_name')}")
        name = next((plain(each) for each in names if each.strip()), login)
        self.authors[login] = Author(name, fields.wp("author_email"))

    def _item(self, nth: int, fields: _Fields) -> Item:
        kind, status = fields.wp("post_type") or "post", fields.wp("status")
        title = plain(fields.plain("title"))
        if kind not in TEXTS:
            return Other(
                nth, kind, title or fields.wp("post_name"), WHY_NOT.get(kind, f"we have nothing like a {kind}")
            )
        if status == "trash":
            return Other(nth, kind, title, "it is in the trash there")
        notes: list[str] = []
        content = fields.encoded("content")
        html = shortcodes.expand(content, notes)
        at = _instant(fields.wp("post_date_gmt")) or _instant(fields.wp("post_date")) or _rfc(fields.plain("pubDate"))
        state, why = self._state(status, fields, at)
        if kind == "page":
            notes.append("it was a page, and is a post here")
        cover, alt = self.files.get(next(_meta(fields, "_thumbnail_id"), ""), ("", ""))
        return Text(
            nth=nth,
            key=f"{kind} {fields.wp('post_id') or fields.plain('guid')}",
            kind=kind,
            title=title,
            html=html,
            cover=cover,
            cover_alt=alt,
            canonical_url=next(_meta(fields, "_yoast_wpseo_canonical"), ""),
            slug=unquote(fields.wp("post_name")),
            state=state,
            draft_because=why,
            published_at=at,
            updated_at=_instant(fields.wp("post_modified_gmt")),
            author=self._author(fields.dc("creator")),
            tags=_tags(fields),
            excerpt=fields.encoded("excerpt"),
            old_paths=_old_paths(fields),
            comments=_comments(fields),
            notes=notes,
        )

    def _author(self, login: str) -> Author | None:
        return self.authors.get(login) or (Author(login) if login else None)

    def _state(self, status: str, fields: _Fields, at: datetime | None) -> tuple[PostState, str]:
        state = STATES.get(status, PostState.DRAFT)
        if status == "future":
            when = f"{at:%Y-%m-%d %H:%M} UTC" if at else "an unknown time"
            return state, f"it was scheduled for {when}; set its time anew"
        if fields.wp("post_password"):
            return PostState.DRAFT, "it was protected by a password"
        return state, {"private": "it was private", "pending": "it waited for review"}.get(status, "")


class _Overview(xml.Counting):
    """What has to be known before the first item is read: how many there are, and where files are, by their numbers.

    A featured picture is named by its number only, and may come later than the post.
    """

    def __init__(self, *names: str) -> None:
        super().__init__(*names)
        self.files: dict[str, tuple[str, str]] = {}
        self._item: dict[str, str] = {}
        self._words: list[str] | None = None

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802  # SAX's own name
        super().startElement(name, attrs)
        if name == "item":
            self._item = {}
        self._words = [] if name in OF_FILES else None

    def characters(self, content: str) -> None:
        if self._words is not None:
            self._words.append(content)

    def endElement(self, name: str) -> None:  # noqa: N802  # SAX's own name
        if self._words is not None:
            words, self._words = "".join(self._words).strip(), None
            if name != "wp:meta_value":
                self._item[name] = words
            elif self._item.get("wp:meta_key") == "_wp_attachment_image_alt":
                self._item["alt"] = words
        elif name == "item" and self._item.get("wp:attachment_url"):
            self.files[self._item.get("wp:post_id", "")] = (self._item["wp:attachment_url"], self._item.get("alt", ""))


class _Fields:
    """The children of an element by name: those of WordPress, those of RSS, and the two that share a name."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.by_name: dict[str, str] = {}
        for child in element:
            space, _brace, name = child.tag.rpartition("}")
            prefix = (
                "excerpt:"
                if "excerpt" in space
                else "wp:"
                if WP in space
                else "dc:"
                if "purl.org/dc" in space
                else "content:"
                if "content" in space
                else ""
            )
            self.by_name.setdefault(prefix + name, child.text or "")

    def wp(self, name: str) -> str:
        return self.by_name.get(f"wp:{name}", "").strip()

    def dc(self, name: str) -> str:
        return self.by_name.get(f"dc:{name}", "").strip()

    def plain(self, name: str) -> str:
        return self.by_name.get(name, "").strip()

    def encoded(self, prefix: str) -> str:
        return self.by_name.get(f"{prefix}:encoded", "")

    def children(self, name: str) -> Iterator[Element]:
        return (child for child in self.element if xml.local(child.tag) == name)


def open_source(path: Path) -> WordPress:
    return WordPress(path)


def _tags(fields: _Fields) -> tuple[str, ...]:
    """Tags and categories, which are one here. What nobody chose is left out."""
    found: dict[str, None] = {}
    for child in fields.children("category"):
        if child.get("domain") in {"category", "post_tag"} and child.get("nicename") != "uncategorized":
            found.setdefault(plain(child.text or ""), None)
    return tuple(name for name in found if name)


def _old_paths(fields: _Fields) -> tuple[str, ...]:
    """Where readers know it from: the permalink, the short one, and what it was called before."""
    link, number, name = fields.plain("link"), fields.wp("post_id"), fields.wp("post_name")
    paths = [path_of(link)]
    if name and paths[0].endswith(f"/{unquote(name)}"):
        stem = paths[0].removesuffix(unquote(name))
        paths += [stem + unquote(old) for old in _meta(fields, "_wp_old_slug")]
    if number.isdigit():
        paths.append(f"/?page_id={number}" if fields.wp("post_type") == "page" else f"/?p={number}")
    return tuple(dict.fromkeys(each for each in paths if each))


def path_of(address: str) -> str:
    """The path of an address, decoded, without the slash at its end; with ``?p=7`` where that is all there is."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    path = unquote(parts.path).rstrip("/")
    if not path and parts.query:
        return f"/?{parts.query}"
    return path if path.startswith("/") else ""


def _meta(fields: _Fields, key: str) -> Iterator[str]:
    for child in fields.children("postmeta"):
        values = _Fields(child)
        if values.wp("meta_key") == key and values.wp("meta_value"):
            yield values.wp("meta_value")


def _comments(fields: _Fields) -> tuple[Comment, ...]:
    """What people said, in its threads, and why some of it does not come here."""
    return tuple(_comment(_Fields(child)) for child in fields.children("comment"))


def _comment(values: _Fields) -> Comment:
    at = _instant(values.wp("comment_date_gmt")) or _instant(values.wp("comment_date"))
    kind, approved, parent = (values.wp(f"comment_{name}") for name in ("type", "approved", "parent"))
    why = ("" if at else "it has no date") or NOT_SAID.get(approved, "")
    if kind not in {"", "comment"}:
        why = f"a {kind}: only what people say comes here"
    return Comment(
        key=values.wp("comment_id"),
        name=plain(values.wp("comment_author")),
        address=values.wp("comment_author_email"),
        html=shortcodes.paragraphs(values.wp("comment_content")),
        created_at=at or datetime.min.replace(tzinfo=UTC),
        state=CommentState.PUBLISHED if approved == "1" else CommentState.PENDING,
        parent_key=parent if parent not in {"", "0"} else None,
        left_out=why,
    )


def _instant(raw: str) -> datetime | None:
    """WordPress' own way to write an instant, in UTC; None for none, or for a day that no calendar has."""
    if not raw or raw.startswith(NO_DATE[:10]):
        return None
    try:
        return datetime.fromisoformat(raw).replace(tzinfo=UTC)
    except ValueError:
        return None


def _rfc(raw: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(raw)
    except (ValueError, TypeError):
        return None
    return found.astimezone(UTC) if found.tzinfo and found.year > 1 else None
