"""What people said about imported posts: brought in silently, in its threads, each comment once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import StatementError

from webapp.accounts import queries as people
from webapp.accounts.models import Person
from webapp.comments import models, operations, rendering
from webapp.core import text as words
from webapp.core.errors import Refused
from webapp.extensions import db
from webapp.portability import converting
from webapp.portability.items import Comment, Text
from webapp.portability.models import ImportedThing, Outcome
from webapp.portability.placing import Entry, key_of
from webapp.posts.models import Post

LONGEST_TITLE = 80
NAMELESS = "Anonymous"
ASIDE = -1
"""Comments are no items of the file; their lines are numbered by the order in which they come."""


@dataclass
class Conversations:
    """One run's comments. They are written in the transaction of their post, or later, when only they are new."""

    system: str
    site: str
    now: datetime
    is_dry_run: bool = False
    _people: dict[str, int | None] = field(default_factory=dict)

    def bring(self, texts: Sequence[Text]) -> list[Entry]:
        """A line for each comment on these texts, which have been placed. The caller commits."""
        spoken = [text for text in texts if text.comments]
        posts = self._known([self._key(text.key) for text in spoken])
        known = self._known([self._of(comment) for text in spoken for comment in text.comments])
        entries: list[Entry] = []
        for text in spoken:
            post_id = posts.get(self._key(text.key))
            post = db.session.get(Post, post_id) if post_id else None
            if post is None and not self.is_dry_run:
                entries += [_entry(each, Outcome.SKIPPED, "its post is not here") for each in text.comments]
                continue
            try:
                with db.session.begin_nested():
                    entries += self._thread(text, post, known)
            except StatementError as error:
                why = f"the database refused it: {' '.join(str(error.orig).split())[:200]}"
                entries += [_entry(each, Outcome.FAILED, why) for each in text.comments]
        return entries

    def _thread(self, text: Text, post: Post | None, known: dict[str, int]) -> list[Entry]:
        """The comments of one post, those that are answered before the answers."""
        entries: list[Entry] = []
        made: dict[str, models.Comment | None] = {}
        things = []
        for comment in parents_first(text.comments):
            key = self._of(comment)
            if comment.left_out:
                entries.append(_entry(comment, Outcome.SKIPPED, comment.left_out))
            elif key in known or comment.key in made:
                made.setdefault(comment.key, db.session.get(models.Comment, known[key]) if key in known else None)
                entries.append(_entry(comment, Outcome.UNCHANGED, "it is here already"))
            else:
                try:
                    made[comment.key] = self._write(comment, post, made.get(comment.parent_key or ""))
                except (Refused, RecursionError, AssertionError) as why:
                    reason = why.message if isinstance(why, Refused) else "its HTML is nested too deeply"
                    entries.append(_entry(comment, Outcome.FAILED, reason))
                    continue
                entries.append(_entry(comment, Outcome.IMPORTED, _remark(comment, made)))
                if (row := made[comment.key]) is not None:
                    things.append({"key": key, "kind": "comment", "local_id": row.id, "created_at": self.now})
        if things:
            db.session.execute(insert(ImportedThing), things)
        return entries

    def _write(self, comment: Comment, post: Post | None, parent: models.Comment | None) -> models.Comment | None:
        """The row; None in a dry run. Raises :class:`Refused` for words that no comment may have."""
        body = converting.clean(converting.to_markdown(comment.html, []))
        if post is None or self.is_dry_run:
            rendering.body(body)
            return None
        address = _address(comment.address)
        return operations.bring_in(
            post,
            name=comment.name or NAMELESS,
            body=body,
            created_at=min(comment.created_at, self.now),
            state=comment.state,
            parent=parent,
            person=self._person(address),
            address=address,
        )

    def _person(self, address: str) -> Person | None:
        """Whoever is registered with the address."""
        if not address:
            return None
        if address not in self._people:
            found = people.by_email(address)
            self._people[address] = found.id if found else None
        person_id = self._people[address]
        return db.session.get(Person, person_id) if person_id else None

    def _known(self, keys: Sequence[str]) -> dict[str, int]:
        if not keys:
            return {}
        rows = db.session.execute(select(ImportedThing.key, ImportedThing.local_id).where(ImportedThing.key.in_(keys)))
        return {key: value for key, value in rows}  # noqa: C416  # rows are no pairs to dict()

    def _of(self, comment: Comment) -> str:
        return self._key(f"comment {comment.key}")

    def _key(self, key: str) -> str:
        return key_of(self.system, self.site, key)


def parents_first(comments: Sequence[Comment]) -> Iterator[Comment]:
    """The same comments, each after what it answers. Those that answer each other in a circle begin anywhere."""
    answers: dict[str | None, list[Comment]] = {}
    keys = {each.key for each in comments}
    for each in reversed(comments):
        answers.setdefault(each.parent_key if each.parent_key in keys else None, []).append(each)
    for start in (None, *(each.key for each in comments)):
        waiting = answers.pop(start, [])
        while waiting:
            comment = waiting.pop()
            yield comment
            waiting += answers.pop(comment.key, [])


def _remark(comment: Comment, made: dict[str, models.Comment | None]) -> str:
    notes = []
    if comment.state is models.CommentState.PENDING:
        notes.append("it waits for somebody to read it, as it did there")
    if comment.parent_key and comment.parent_key not in made:
        notes.append("what it answers is not here")
    return "; ".join(notes)


def _entry(comment: Comment, outcome: Outcome, reason: str) -> Entry:
    said = converting.plain(comment.html)
    title = f"{comment.name or NAMELESS}: {said}"
    title = title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"
    return Entry(ASIDE, "comment", title, outcome, reason)


def _address(raw: str) -> str:
    try:
        return words.address(raw)
    except Refused:
        return ""
