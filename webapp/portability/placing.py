"""What becomes of each item of a file, decided and written: some at a time, each of them whole or not at all.

A dry run decides the same way and writes nothing; what it would have written, it remembers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from slugify import slugify
from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from webapp.accounts.models import Person
from webapp.core.db import insert_or_ignore
from webapp.core.errors import Refused
from webapp.core.text import web_address
from webapp.extensions import db
from webapp.portability.authors import NOBODY, Authors
from webapp.portability.converting import plain
from webapp.portability.items import Converted, Text
from webapp.portability.models import ImportedThing, OldAddress, Outcome
from webapp.posts import queries
from webapp.posts.models import Post, PostState, Revision, Tag, co_authors, post_tags
from webapp.posts.operations.addresses import LONGEST_SLUG
from webapp.posts.operations.coauthors import MOST_CO_AUTHORS
from webapp.posts.operations.tagging import LONGEST_TAG, MOST_TAGS
from webapp.posts.operations.writing import LONGEST_TITLE

LONGEST_PATH = 500
LONGEST_REASON = 1000
NUMBERS = 200


@dataclass
class Entry:
    """What became of one item: a line of the report."""

    nth: int
    kind: str
    title: str
    outcome: Outcome
    reason: str = ""


@dataclass
class Plan:
    """A post that is to be written, and everything that belongs to it."""

    text: Text
    converted: Converted
    key: str
    title: str
    author_id: int
    state: PostState
    published_at: datetime | None
    slug: str
    tags: dict[str, str]
    paths: list[str]
    notes: list[str]
    canonical_url: str = ""
    co_author_ids: list[int] = field(default_factory=list)

    @property
    def entry(self) -> Entry:
        outcome = Outcome.DRAFT if self.text.draft_because or self.state is not self.text.state else Outcome.IMPORTED
        return Entry(self.text.nth, self.text.kind, self.title, outcome, reason(self.notes))


@dataclass
class Placing:
    """One run's decisions. ``author`` gets what nobody else can be found for."""

    system: str
    site: str
    author: Person | None
    now: datetime
    is_dry_run: bool = False
    authors: Authors = field(init=False)
    _slugs: set[str] = field(default_factory=set)
    _keys: set[str] = field(default_factory=set)
    _paths: set[str] = field(default_factory=set)
    _tags: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.authors = Authors(self.author, now=self.now, is_dry_run=self.is_dry_run)

    def key_of(self, text: Text) -> str:
        return key_of(self.system, self.site, text.key)

    def known(self, texts: Sequence[Text]) -> dict[str, str]:
        """Those of these texts that are here already, and what they were like then."""
        keys = [self.key_of(text) for text in texts]
        rows = db.session.execute(
            select(ImportedThing.key, ImportedThing.fingerprint).where(ImportedThing.key.in_(keys))
        )
        return {key: value for key, value in rows}  # noqa: C416  # rows are no pairs to dict()

    def place(self, found: Sequence[tuple[Text, Converted | None]]) -> list[Entry]:
        """Writes what is new; an entry for each. The caller commits."""
        known = self.known([text for text, _converted in found])
        entries: list[Entry] = []
        plans: list[Plan] = []
        for text, converted in found:
            key = self.key_of(text)
            if key in known or key in self._keys:
                entries.append(_unchanged(text, known.get(key, text.fingerprint)))
            elif converted is None or converted.error:
                why = converted.error if converted else "it could not be read"
                entries.append(Entry(text.nth, text.kind, _title(text, None), Outcome.FAILED, why))
            elif (author := self.authors.find(text.author)) is None:
                entries.append(
                    Entry(text.nth, text.kind, _title(text, converted), Outcome.FAILED, self.authors.why_none)
                )
            else:
                plans.append(self._plan(text, converted, key, *author))
                self._keys.add(key)
        self._give_addresses(plans)
        if self.is_dry_run:
            entries += [plan.entry for plan in plans]
        else:
            entries += self._write(plans)
            self._keys.clear()
            self._slugs.clear()
            self._paths.clear()
        return sorted(entries, key=lambda entry: entry.nth)

    # Deciding

    def _plan(self, text: Text, converted: Converted, key: str, author_id: int, note: str) -> Plan:
        notes = [each for each in (text.draft_because, note) if each] + [*text.notes, *converted.notes]
        state, at = text.state, text.published_at
        if state is PostState.PUBLISHED and (why := self._why_draft(at, converted)):
            state = PostState.DRAFT
            notes.insert(0, why)
        elif text.draft_because:
            state = PostState.DRAFT
        title = _title(text, converted)
        if len(plain(text.title)) > LONGEST_TITLE:
            notes.append("its title was shortened")
        tags = _tags(text.tags)
        if len(tags) > MOST_TAGS:
            notes.append(
                f"{len(tags) - MOST_TAGS} of its tags were left out: {', '.join([*tags.values()][MOST_TAGS:])}"
            )
            tags = dict([*tags.items()][:MOST_TAGS])
        return Plan(
            text=text,
            converted=converted,
            key=key,
            title=title,
            author_id=author_id,
            state=state,
            published_at=at if state is PostState.PUBLISHED else None,
            slug=slugify(text.slug or title, max_length=LONGEST_SLUG, word_boundary=not text.slug)
            or f"post-{at or self.now:%Y-%m-%d}",
            tags=tags,
            paths=[path for path in text.old_paths if len(path) <= LONGEST_PATH and "\0" not in path],
            notes=notes,
            canonical_url=_canonical(text.canonical_url, notes),
            co_author_ids=self._co_authors(text, author_id, notes),
        )

    def _co_authors(self, text: Text, author_id: int, notes: list[str]) -> list[int]:
        """Who wrote it along, in their order. Nobody stands in for those who are not known."""
        found: dict[int, None] = {}
        for each in text.co_authors:
            person = self.authors.find_other(each)
            if person is None:
                notes.append(f"{each.name} wrote it too, whose address is not known")
            elif person[0] != author_id or person[0] == NOBODY:
                found[person[0]] = None
                notes += [person[1]] if person[1] else []
        return [*found][:MOST_CO_AUTHORS]

    def _why_draft(self, at: datetime | None, converted: Converted) -> str:
        if not converted.body:
            return "it has no text"
        if at is None:
            return "it has no date"
        return f"its time is still to come: {at:%Y-%m-%d %H:%M} UTC; set it anew" if at > self.now else ""

    def _give_addresses(self, plans: list[Plan]) -> None:
        """Its own slug for each, or one with a number; and the old paths that lead nowhere yet."""
        taken = queries.taken([plan.slug for plan in plans]) | self._slugs
        for plan in plans:
            if plan.slug in taken:
                wanted = plan.slug
                others = [f"{wanted[: LONGEST_SLUG - 4]}-{number}" for number in range(2, NUMBERS)]
                used = queries.taken(others) | self._slugs | taken
                plan.slug = next((each for each in others if each not in used), f"{wanted[:50]}-{plan.key[:12]}")
                plan.notes.append(f"its address is /posts/{plan.slug}: another post has /posts/{wanted}")
            taken.add(plan.slug)
            self._slugs.add(plan.slug)
        asked = {path for plan in plans for path in plan.paths}
        used_paths = self._paths | set(db.session.scalars(select(OldAddress.path).where(OldAddress.path.in_(asked))))
        for plan in plans:
            clashing = [path for path in plan.paths if path in used_paths]
            if clashing:
                plan.notes.append(f"its old address {clashing[0]} leads to something else already")
            plan.paths = [path for path in plan.paths if path not in used_paths]
            used_paths.update(plan.paths)
            self._paths.update(plan.paths)

    # Writing

    def _write(self, plans: list[Plan]) -> list[Entry]:
        """All at once; if the database will not have that, one by one, so that one item's trouble is its own."""
        if not plans:
            return []
        try:
            with db.session.begin_nested():
                self._insert(plans)
        except StatementError:
            self._tags.clear()
            return [self._write_one(plan) for plan in plans]
        return [plan.entry for plan in plans]

    def _write_one(self, plan: Plan) -> Entry:
        try:
            with db.session.begin_nested():
                self._insert([plan])
        except StatementError as error:
            self._tags.clear()
            if plan.key in self.known([plan.text]):
                return _unchanged(plan.text, plan.text.fingerprint)
            if queries.taken([plan.slug]) and len(plan.slug) < LONGEST_SLUG:  # taken between the look and the writing
                plan.slug = f"{plan.slug[:60]}-{plan.key[:8]}"
                return self._write_one(plan)
            why = " ".join(str(error.orig).split())[:200]
            return Entry(plan.text.nth, plan.text.kind, plan.title, Outcome.FAILED, f"the database refused it: {why}")
        return plan.entry

    def _insert(self, plans: list[Plan]) -> None:
        session = db.session
        ids = session.scalars(
            insert(Post).returning(Post.id, sort_by_parameter_order=True), [self._row(plan) for plan in plans]
        ).all()
        tag_ids = self._tag_ids(plans)
        numbered = list(zip(ids, plans, strict=True))
        tagged = [{"post_id": post_id, "tag_id": tag_ids[slug]} for post_id, plan in numbered for slug in plan.tags]
        if tagged:
            session.execute(insert(post_tags), tagged)
        together = [
            {"post_id": post_id, "person_id": person_id, "added_at": self.now + timedelta(microseconds=place)}
            for post_id, plan in numbered
            for place, person_id in enumerate(plan.co_author_ids)
        ]
        if together:
            session.execute(insert(co_authors), together)
        kept = [_revision(post_id, plan) for post_id, plan in numbered if plan.state is PostState.PUBLISHED]
        if kept:
            session.execute(insert(Revision), kept)
        things = [
            {
                "key": plan.key,
                "kind": "post",
                "local_id": post_id,
                "fingerprint": plan.text.fingerprint,
                "created_at": self.now,
            }
            for post_id, plan in numbered
        ]
        session.execute(insert(ImportedThing), things)
        paths = [
            {"path": path, "post_id": post_id, "leads_to": None, "created_at": self.now}
            for post_id, plan in numbered
            for path in plan.paths
        ]
        if paths:
            session.execute(insert_or_ignore(session.connection(), OldAddress), paths)

    def _row(self, plan: Plan) -> dict[str, Any]:
        written_at = plan.published_at or plan.text.published_at or self.now
        return {
            "author_id": plan.author_id,
            "title": plan.title,
            "slug": plan.slug,
            "body": plan.converted.body,
            "html": plan.converted.html,
            "excerpt": plan.converted.excerpt,
            "own_excerpt": plan.converted.own_excerpt,
            "canonical_url": plan.canonical_url,
            "cover_id": plan.converted.cover_id,
            "minutes": plan.converted.minutes,
            "state": plan.state,
            "published_at": plan.published_at,
            "imported_at": self.now,
            "version": 1,
            "created_at": min(written_at, self.now),
            "updated_at": min(plan.text.updated_at or written_at, self.now),
        }

    def _tag_ids(self, plans: list[Plan]) -> dict[str, int]:
        wanted = {slug: name for plan in plans for slug, name in plan.tags.items() if slug not in self._tags}
        if wanted:
            rows = [{"slug": slug, "name": name} for slug, name in wanted.items()]
            db.session.execute(insert_or_ignore(db.session.connection(), Tag), rows)
            found = db.session.execute(select(Tag.slug, Tag.id).where(Tag.slug.in_(wanted)))
            self._tags.update({slug: tag_id for slug, tag_id in found})  # noqa: C416  # as above
        return self._tags


def key_of(system: str, site: str, key: str) -> str:
    """How something of another system is known here."""
    return hashlib.sha256(f"{system}\x1f{site}\x1f{key}".encode("utf-8", "surrogatepass")).hexdigest()


def reason(notes: Sequence[str]) -> str:
    """Remarks as they stand in the report, each once."""
    said = "; ".join(dict.fromkeys(notes)).replace("\0", "")
    return said if len(said) <= LONGEST_REASON else said[: LONGEST_REASON - 1] + "…"


def _unchanged(text: Text, fingerprint: str) -> Entry:
    why = "it is here already"
    if fingerprint != text.fingerprint:
        why = "it is here already; it has changed there since, and what is here was kept"
    return Entry(text.nth, text.kind, _title(text, None), Outcome.UNCHANGED, why)


def _title(text: Text, converted: Converted | None) -> str:
    """Every post has a title here; one that had none gets its first words."""
    title = plain(text.title)
    title = title or (converted.excerpt[:80] if converted else "") or text.slug or "Untitled"
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1].rstrip() + "…"


def _canonical(raw: str, notes: list[str]) -> str:
    """Where it stood first, if that is an address."""
    try:
        return web_address(raw.strip(), field="canonical_url")
    except Refused:
        notes.append(f"{raw[:80]!r} is no address where it could have stood first")
        return ""


def _tags(names: Sequence[str]) -> dict[str, str]:
    """Names by the slug that stands in their address; two spellings of the same are one."""
    found: dict[str, str] = {}
    for raw in names:
        name = plain(raw).lstrip("#").strip()[:LONGEST_TAG].strip()
        slug = slugify(name, max_length=60)
        if slug:
            found.setdefault(slug, name)
    return found


def _revision(post_id: int, plan: Plan) -> dict[str, Any]:
    return {
        "post_id": post_id,
        "person_id": plan.author_id,
        "title": plan.title,
        "body": plan.converted.body,
        "created_at": plan.published_at,
    }
