"""The report's own words in the language of whoever reads it. Commands and files keep them in English."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

KINDS: Mapping[str, LazyString] = {
    "post": lazy_gettext("post"),
    "page": lazy_gettext("page"),
    "comment": lazy_gettext("comment"),
    "author": lazy_gettext("author"),
    "attachment": lazy_gettext("attachment"),
    "picture": lazy_gettext("picture"),
    "file": lazy_gettext("file"),
    "people": lazy_gettext("people"),
    "posts": lazy_gettext("posts"),
    "comments": lazy_gettext("comments"),
    "images": lazy_gettext("pictures"),
    "media": lazy_gettext("files of pictures"),
    "tags": lazy_gettext("tags"),
    "reminders": lazy_gettext("reminders"),
    "subscriptions": lazy_gettext("subscriptions"),
}
REMARKS: Mapping[str, LazyString] = {
    "it is here already": lazy_gettext("it is here already"),
    "new here, without a password": lazy_gettext("new here, without a password"),
    "it has no text": lazy_gettext("it has no text"),
    "it has no date": lazy_gettext("it has no date"),
    "it was private": lazy_gettext("it was private"),
    "it waited for review": lazy_gettext("it waited for review"),
    "it was protected by a password": lazy_gettext("it was protected by a password"),
    "it was a page, and is a post here": lazy_gettext("it was a page, and is a post here"),
    "it is in the trash there": lazy_gettext("it is in the trash there"),
    "it is spam there": lazy_gettext("it is spam there"),
    "its title was shortened": lazy_gettext("its title was shortened"),
    "its post is not here": lazy_gettext("its post is not here"),
    "what it answers is not here": lazy_gettext("what it answers is not here"),
    "it waits for somebody to read it, as it did there": lazy_gettext(
        "it waits for somebody to read it, as it did there"
    ),
    "it is not Markdown": lazy_gettext("it is not Markdown"),
    "part of a menu": lazy_gettext("part of a menu"),
    "part of a theme": lazy_gettext("part of a theme"),
    "pictures come with the posts that show them": lazy_gettext("pictures come with the posts that show them"),
}


def kind(name: str) -> str:
    """What an item of a file is called."""
    return str(KINDS.get(name, name.replace("_", " ")))


def remark(reason: str) -> str:
    """Each remark of a line that is known word for word; others, which name something of the file, as they are."""
    return "; ".join(str(REMARKS.get(part, part)) for part in reason.split("; "))
