"""What search engines and readers' programs ask of a page, as JSON-LD (https://schema.org)."""

from __future__ import annotations

from typing import Any

from webapp.accounts.models import Person
from webapp.core import language
from webapp.core.urls import absolute
from webapp.images.addresses import full
from webapp.images.models import Image
from webapp.posts.models import Post
from webapp.settings import choices

SCHEMA = "https://schema.org"


def of_site() -> dict[str, Any]:
    """A site, and how to search it."""
    chosen, home = choices.here(), absolute("posts.home")
    return {
        "@context": SCHEMA,
        "@type": "WebSite",
        "name": chosen.name,
        **({"description": chosen.description} if chosen.description else {}),
        "url": home,
    }


def of_author(person: Person) -> dict[str, Any]:
    """Somebody's page, and who that is."""
    return {
        "@context": SCHEMA,
        "@type": "ProfilePage",
        "mainEntity": {
            **_person(person),
            "alternateName": f"@{person.handle}",
            **({"description": person.bio} if person.bio else {}),
            **({"sameAs": person.website} if person.website else {}),
        },
    }


def of_post(post: Post, cover: Image | None) -> dict[str, Any]:
    """An article."""
    address = absolute("posts.show", slug=post.slug)
    people_of = [_person(each) for each in post.authors]
    return {
        "@context": SCHEMA,
        "@type": "BlogPosting",
        "headline": post.title,
        "description": post.excerpt,
        "inLanguage": language.of(f"{post.title} {post.excerpt}"),
        "datePublished": post.published_at.isoformat() if post.published_at else None,
        "dateModified": post.updated_at.isoformat(),
        "keywords": [each.name for each in post.tags],
        "author": people_of[0] if len(people_of) == 1 else people_of,
        **({"image": full(cover)} if cover else {}),
        "mainEntityOfPage": address,
        "url": address,
    }


def _person(person: Person) -> dict[str, Any]:
    return {"@type": "Person", "name": person.name, "url": absolute("posts.author", handle=person.handle)}
