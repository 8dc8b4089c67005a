"""Writing a post, and changing what it says."""

from __future__ import annotations

from datetime import datetime

from webapp.accounts.models import Person
from webapp.core import markdown, text
from webapp.core.errors import Conflict, Refused
from webapp.core.words import _
from webapp.extensions import db
from webapp.images import queries as pictures
from webapp.posts import queries, rendering
from webapp.posts.models import Post, PostState, Revision, RevisionReason, Tag
from webapp.posts.operations import addresses, revisions, tagging
from webapp.posts.operations.saving import CHANGED, flush

LONGEST_TITLE = 200
LONGEST_EXCERPT = 500


def write(
    *,
    author: Person,
    title: str,
    body: str,
    tags: list[str],
    slug: str | None,
    now: datetime,
    excerpt: str = "",
    canonical_url: str = "",
    cover_id: int = 0,
    begun_as: str | None = None,
) -> Post:
    """A new draft. Without ``slug`` its address comes from the title, with a number where that is taken.

    ``cover_id`` is the number of a picture of the author's, 0 for none. ``begun_as`` names the page it was written on;
    a page begins one post. Raises :class:`Refused` for ``title``, ``body``, ``tags``, ``slug``, ``excerpt``,
    ``canonical_url`` or ``cover``.
    """
    title = _title(title)
    body = _body(body)
    wanted = addresses.wanted(slug)
    post = Post(
        author=author,
        title=title,
        tags=tagging.named(tags),
        state=PostState.DRAFT,
        own_excerpt=_excerpt(excerpt),
        canonical_url=text.web_address(canonical_url, field="canonical_url"),
        cover_id=_cover(cover_id, None, author),
        created_at=now,
        updated_at=now,
        begun_as=begun_as,
    )
    _render(post, body)
    addresses.give(post, wanted, addresses.stem(title, now))
    revisions.keep(post, author, now)
    return post


def edit(
    post: Post,
    *,
    by: Person,
    now: datetime,
    version: int | None,
    title: str | None = None,
    body: str | None = None,
    tags: list[str] | None = None,
    slug: str | None = None,
    excerpt: str | None = None,
    canonical_url: str | None = None,
    cover_id: int | None = None,
    reason: RevisionReason = RevisionReason.SAVED,
    follows_title: bool = False,
) -> None:
    """Changes what is given and leaves the rest. The day a post appeared never changes by it.

    ``version`` is the one the editor saw; None skips the comparison. Raises :class:`Conflict` when the post has
    another by now, :class:`Refused` as :func:`write` does. A post edited in the trash comes back as a draft. An empty
    ``excerpt`` or ``canonical_url`` is taken away. ``cover_id`` is the number of a picture of ``by``'s; 0 takes away
    the one there is. With ``follows_title`` the address of a draft that never appeared keeps coming from the title if
    it did so far and ``slug`` asks for no other.
    """
    if version is not None and version != post.version:
        raise Conflict(CHANGED)
    new_title = post.title if title is None else _title(title)
    new_body = post.body if body is None else _body(body)
    new_excerpt = post.own_excerpt if excerpt is None else _excerpt(excerpt)
    new_url = post.canonical_url if canonical_url is None else text.web_address(canonical_url, field="canonical_url")
    wanted = addresses.wanted(slug)
    if follows_title and wanted in {None, post.slug} and new_title != post.title and addresses.came_from_title(post):
        wanted = addresses.after(post, new_title)
    if post.state in {PostState.PUBLISHED, PostState.SCHEDULED} and not new_body.strip():
        raise Refused("body", _("A published post needs a text."))
    wanted_tags = None if tags is None else tagging.named(tags)
    new_cover = post.cover_id if cover_id is None else _cover(cover_id, post.cover_id, by)
    queries.load_tags(post)
    if is_reworded := _is_reworded(post, new_title, new_body, wanted_tags):
        revisions.keep_what_was(post)
    with db.session.no_autoflush:
        if wanted_tags is not None:
            post.tags = wanted_tags
        post.title, post.canonical_url, post.cover_id = new_title, new_url, new_cover
        if (new_body, new_excerpt) != (post.body, post.own_excerpt):
            post.own_excerpt = new_excerpt
            _render(post, new_body)
        if post.state is PostState.TRASHED:
            post.state, post.trashed_from, post.trashed_at, post.publish_at = PostState.DRAFT, None, None, None
        post.updated_at = now
    if wanted and wanted != post.slug:
        addresses.move(post, wanted, now)
    else:
        flush()
    if is_reworded:
        revisions.keep(post, by, now, reason)


def go_back_to(revision: Revision, post: Post, *, by: Person, now: datetime) -> None:
    """Makes a post say again what it said then. What it says now stays among its revisions, and so does the return."""
    edit(
        post,
        by=by,
        now=now,
        version=post.version,
        title=revision.title,
        body=revision.body,
        tags=list(revision.tags),
        reason=RevisionReason.RESTORED,
    )


# What is typed, made fit to keep


def _title(raw: str) -> str:
    return text.one_line(raw, field="title", longest=LONGEST_TITLE)


def _body(raw: str) -> str:
    return text.many_lines(raw, field="body", longest=markdown.LONGEST)


def _excerpt(raw: str) -> str:
    return " ".join(text.many_lines(raw, field="excerpt", longest=LONGEST_EXCERPT).split())


def _cover(image_id: int, present: int | None, by: Person) -> int | None:
    """A picture of one's own, or the one that is there already, whoever chose it."""
    if image_id not in {0, present} and pictures.get_owned_by_id(by, image_id) is None:
        raise Refused("cover", _("Choose one of your own pictures."))
    return image_id or None


def _is_reworded(post: Post, title: str, body: str, tags: list[Tag] | None) -> bool:
    are_other_tags = tags is not None and {tag.slug for tag in tags} != {tag.slug for tag in post.tags}
    return (title, body) != (post.title, post.body) or are_other_tags


def _render(post: Post, body: str) -> None:
    rendered = rendering.render(body)
    post.body, post.html = body, rendered.html
    post.excerpt, post.minutes = post.own_excerpt or rendered.excerpt, rendered.minutes
