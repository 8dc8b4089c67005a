"""A folder or a zip of Markdown files with front matter, as Jekyll, Hugo, Eleventy and our own export keep them."""

from __future__ import annotations

import json
import re
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import frontmatter
import yaml
from frontmatter.default_handlers import YAMLHandler

from webapp.portability.converting import plain
from webapp.portability.items import Author, BadSource, Item, Other, Text
from webapp.portability.readers import templating
from webapp.portability.readers.wordpress import path_of
from webapp.posts.models import PostState

MARKDOWN = frozenset({".md", ".markdown", ".mdown", ".mkd"})
PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".svg"})
CONFIGS = ("_config.yml", "_config.toml", "hugo.toml", "hugo.yaml", "config.toml", "config.yaml", "config.yml")
LARGEST_TEXT = 2 * 1024 * 1024
LARGEST_PICTURE = 32 * 1024 * 1024
LARGEST_FRONT = 64 * 1024
MOST_FILES = 200_000
DATED = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})-(.+)")
HEADING = re.compile(r"\A\s*#\s+(.+?)\s*#*\s*(?:\n|\Z)")
ROOTS = frozenset({"content", "src", "source", "site"})


class Files(Protocol):
    """Where the files lie: a folder, or a zip."""

    def names(self) -> list[str]: ...

    def read(self, name: str, largest: int) -> bytes | None:
        """What a file holds; None when it is not there or larger than ``largest`` bytes."""


class Folder:
    """A folder. Links that lead out of it are not followed, hidden files are not looked at."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def names(self) -> list[str]:
        found = (each for each in self.root.rglob("*") if each.is_file() and each.resolve().is_relative_to(self.root))
        return sorted(each.relative_to(self.root).as_posix() for each in found)

    def read(self, name: str, largest: int) -> bytes | None:
        file = (self.root / name).resolve()
        if not file.is_relative_to(self.root) or not file.is_file() or file.stat().st_size > largest:
            return None
        return file.read_bytes()


class Zip:
    """A zip, read where it lies and never unpacked."""

    def __init__(self, path: Path) -> None:
        try:
            self.zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError):
            raise BadSource("This is neither a folder nor a whole zip file.") from None

    def names(self) -> list[str]:
        return sorted(each.filename for each in self.zip.infolist() if not each.is_dir())

    def read(self, name: str, largest: int) -> bytes | None:
        try:
            with self.zip.open(name) as stream:
                found = stream.read(largest + 1)  # its head may lie about how much there is
        except (KeyError, zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError, ValueError):
            return None
        return found if len(found) <= largest else None


class MarkdownFiles:
    """The texts in there."""

    system = "markdown"

    def __init__(self, path: Path) -> None:
        self.files: Files = Folder(path) if path.is_dir() else Zip(path)
        self.names = [each for each in self.files.names() if _is_looked_at(each)]
        if len(self.names) > MOST_FILES:
            raise BadSource(f"There are more than {MOST_FILES:,} files in it.")
        if not any(PurePosixPath(each).suffix.lower() in MARKDOWN for each in self.names):
            raise BadSource("There is no Markdown file in it: none ends in .md or .markdown.")
        self.total = len(self.names)
        self.site = self._address() or path.stem
        self.old_paths: dict[str, str] = {}

    def items(self) -> Iterator[Item]:
        for nth, name in enumerate(self.names):
            yield self._item(nth, name)

    def picture(self, address: str) -> bytes | None:
        """A picture named by a path: beside its text (the reader made that a full one), or from the site's root."""
        wanted = path_of(address).lstrip("/")
        found = next(
            (each for stem in ("", "static/", "public/", "assets/") if (each := stem + wanted) in self._known), None
        )
        if found is None:
            ends = [each for each in self._known if each.endswith("/" + wanted)]
            found = ends[0] if len(ends) == 1 else None
        return self.files.read(found, LARGEST_PICTURE) if found else None

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(each for each in self.names if PurePosixPath(each).suffix.lower() in PICTURES)

    def _item(self, nth: int, name: str) -> Item:
        path = PurePosixPath(name)
        if (why := _why_no_text(path)) is not None:
            return Other(nth, *why)
        raw = self.files.read(name, LARGEST_TEXT)
        if raw is None:
            return Other(nth, "post", name, f"it cannot be read, or is larger than {LARGEST_TEXT // 1024 // 1024} MB")
        try:
            front, body = _parts(raw.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return Other(nth, "post", name, "it is not UTF-8")
        except (yaml.YAMLError, tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
            why_not = " ".join(str(error).split())
            return Other(nth, "post", name, f"its front matter cannot be read: {why_not[:160]}")
        return _text(nth, path, front, body)

    def _address(self) -> str:
        """The site's own address, from its generator's configuration."""
        for name in CONFIGS:
            raw = self.files.read(name, LARGEST_FRONT) if name in self.names else None
            found = re.search(
                rb"^\s*(?:url|baseURL|baseurl)\s*[:=]\s*[\"']?(https?://[^\s\"']+)", raw or b"", re.MULTILINE
            )
            if found:
                return found[1].decode("utf-8", "replace").rstrip("/")
        return ""


def open_source(path: Path) -> MarkdownFiles:
    return MarkdownFiles(path)


def _is_looked_at(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not any(
        part.startswith(".") or part in {"node_modules", "__MACOSX", "_site", "_layouts", "_includes"} for part in parts
    )


def _why_no_text(path: PurePosixPath) -> tuple[str, str, str] | None:
    """Kind, name and reason of a file that is no text; None for one that is."""
    name = path.as_posix()
    if path.suffix.lower() in PICTURES:
        return "picture", name, "pictures come with the posts that show them"
    if path.suffix.lower() not in MARKDOWN:
        return "file", name, "it is not Markdown"
    if path.stem == "_index" or path.name in {"README.md", "LICENSE.md"}:
        return "file", name, "it is about a folder, not a post"
    return None


def _parts(source: str) -> tuple[Mapping[str, Any], str]:
    """Front matter and text: YAML between ``---``, TOML between ``+++``, or a JSON object. YAML is read safely."""
    source = source.replace("\r\n", "\n")
    if source.startswith("+++\n"):
        front, end, body = source[4:].partition("\n+++")
        return (tomllib.loads(front), body) if end else ({}, source)
    if source.startswith("{\n"):
        front, end, body = source.partition("\n}")
        found = json.loads(front + end)
        return (found, body) if isinstance(found, dict) else ({}, source)
    if source.startswith("---\n"):
        end_at = source.find("\n---", 3)
        if end_at > LARGEST_FRONT:
            raise ValueError("it is too long")
        post = frontmatter.loads(source, handler=YAMLHandler())
        return post.metadata, post.content
    return {}, source


def _text(nth: int, path: PurePosixPath, front: Mapping[str, Any], body: str) -> Item:
    notes: list[str] = []
    dated = DATED.fullmatch(path.stem)
    stem = path.parent.name if path.stem == "index" and path.parent.name else dated[4] if dated else path.stem
    title = _word(front, "title")
    heading = HEADING.match(body)
    if not title and heading:
        title, body = heading[1], body[heading.end() :]
    at = _instant(front.get("date")) or _instant(front.get("published")) or _instant(front.get("pubDate"))
    if at is None and dated:
        at = _day(dated)
    is_draft = front.get("draft") is True or front.get("published") is False or "_drafts" in path.parts
    is_draft = is_draft or _word(front, "state") in {"draft", "scheduled", "trashed"}
    body = templating.plain_markdown(body, notes, folder=path.parent)
    state = PostState.DRAFT if is_draft else PostState.PUBLISHED
    cover = next((found for name in ("cover", "image", "featured_image") if (found := _word(front, name))), "")
    authors = _authors(front)
    return Text(
        nth=nth,
        key=path.as_posix(),
        title=plain(title) or plain(stem.replace("-", " ").replace("_", " ").capitalize()),
        markdown=body,
        cover=templating.full(cover, path.parent) if cover else "",
        cover_alt=_word(front, "cover_alt"),
        canonical_url=_word(front, "canonical_url"),
        slug=_word(front, "slug") or stem,
        state=state,
        published_at=at,
        updated_at=_instant(front.get("updated"))
        or _instant(front.get("lastmod"))
        or _instant(front.get("last_modified_at")),
        author=next(iter(authors), None),
        co_authors=authors[1:],
        tags=_words(front, "tags") + _words(front, "categories") + _words(front, "category"),
        excerpt=next((found for name in ("excerpt", "description", "summary") if (found := _word(front, name))), ""),
        old_paths=_old_paths(path, front, dated, stem),
        notes=notes,
        draft_because="" if at or is_draft else "it has no date",
    )


def _authors(front: Mapping[str, Any]) -> tuple[Author, ...]:
    """The author, and who wrote along; by names, or as our own export has them, with addresses."""
    names = list(dict.fromkeys([*_words(front, "author"), *_words(front, "authors")]))
    emails = {name: name for name in names if "@" in name}
    listed = front.get("authors")
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, Mapping):
            emails[_word(each, "name")] = _word(each, "email")
    if names and _word(front, "author_email"):
        emails[names[0]] = _word(front, "author_email")
    return tuple(Author(name, emails.get(name, "")) for name in names)


def _old_paths(
    path: PurePosixPath, front: Mapping[str, Any], dated: re.Match[str] | None, stem: str
) -> tuple[str, ...]:
    """What the file says, and where its generator puts it if nobody said."""
    paths = [*_words(front, "aliases"), *_words(front, "redirect_from")]
    own = _word(front, "permalink") or _word(front, "url")
    slug = _word(front, "slug") or stem
    if own:
        paths.append(own)
    elif dated:
        day = f"/{dated[1]}/{dated[2]:0>2}/{dated[3]:0>2}/{slug}"
        prefix = "".join(f"/{each.lower()}" for each in (_words(front, "categories") or _words(front, "category")))
        paths += [day, f"{day}.html", *([f"{prefix}{day}", f"{prefix}{day}.html"] if prefix else [])]
    else:
        folders = [part for part in path.parent.parts if part not in ROOTS and not part.startswith("_")]
        folders = folders[:-1] if path.stem == "index" else folders
        paths.append("/" + "/".join([*folders, slug]))
    known = (
        path_of(each if "://" in each or each.startswith("/") else f"/{each}")
        for each in paths
        if ":" not in each or "://" in each
    )
    return tuple(dict.fromkeys(each for each in known if each and each != f"/posts/{slug}"))


def _word(front: Mapping[str, Any], name: str) -> str:
    """A value of front matter that is one word or number; anything that nests is none."""
    value = front.get(name)
    if isinstance(value, Mapping):
        value = value.get("name") or value.get("url") or value.get("image")
    return str(value).strip() if isinstance(value, str | int | float | date) and not isinstance(value, bool) else ""


def _words(front: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list, or a text with commas; Jekyll takes spaces too where there is no comma."""
    value = front.get(name)
    if isinstance(value, str):
        is_spaced = name in {"categories", "category"} and "," not in value
        value = value.split() if is_spaced else value.split(",") if name not in {"author", "authors"} else [value]
    if isinstance(value, Mapping):
        value = [value]
    listed = value if isinstance(value, list | tuple) else []
    words = (_word({"it": each}, "it") for each in listed)
    return tuple(word for word in words if word)


def _instant(value: Any) -> datetime | None:
    """A time with an offset as it is, one without in UTC, a day at its beginning."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().replace(" +", "+").replace(" UTC", "+00:00"))
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime.combine(value, time(), UTC) if isinstance(value, date) else None


def _day(dated: re.Match[str]) -> datetime | None:
    try:
        return datetime(int(dated[1]), int(dated[2]), int(dated[3]), tzinfo=UTC)
    except ValueError:
        return None
