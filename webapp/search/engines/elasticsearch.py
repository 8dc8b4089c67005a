"""Elasticsearch, for sites that have one. It hears of changes by way of the outbox; see `webapp/search/outbox.py`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import elasticsearch
from elasticsearch import ApiError, NotFoundError, TransportError

from webapp.core.rendering import iso
from webapp.extensions import db
from webapp.search import queries, words
from webapp.search.engines import COUNTED, FRESHNESS, Count, Hits, Unreachable
from webapp.search.words import Term

SECONDS_TO_SEARCH = 2
SECONDS_TO_INDEX = 30
CONFLICT = 409
FIELDS = ["title^10", "body", "tags^4", "author^4"]
ANALYSIS = {
    "filter": {
        "pairs": {"type": "cjk_bigram"},
        "pairs_and_single": {"type": "cjk_bigram", "output_unigrams": True},
    },
    "analyzer": {
        "indexed": {
            "tokenizer": "standard",
            "filter": ["cjk_width", "lowercase", "pairs_and_single", "asciifolding"],
        },
        "asked": {"tokenizer": "standard", "filter": ["cjk_width", "lowercase", "pairs", "asciifolding"]},
    },
}
TEXT = {"type": "text", "analyzer": "indexed", "search_analyzer": "asked"}
MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        **dict.fromkeys(("title", "body", "tags", "author"), TEXT),
        "id": {"type": "long"},
        "published_at": {"type": "date"},
        "reported": {"type": "long"},
    },
}
Answer = TypeVar("Answer")


class Elasticsearch:
    """The engine at an address whose path, if it has one, names the index: https://user:password@host:9200/almanac."""

    name = "Elasticsearch"

    def __init__(self, url: str) -> None:
        self.place = url.rpartition("@")[2]
        self.index = urlsplit(url).path.strip("/") or "almanac"
        self._client = _client(url)

    def search(self, terms: Sequence[Term], *, now: datetime, limit: int, skip: int) -> Hits:
        found = self._asked(
            lambda: self._client.options(request_timeout=SECONDS_TO_SEARCH).search(
                index=self.index,
                query=_query(terms, now),
                sort=[{"_score": "desc"}, {"published_at": "desc"}, {"id": "desc"}],
                size=limit,
                from_=skip,
                source=False,
                track_total_hits=COUNTED + 1,
            )
        )["hits"]
        return Hits([int(hit["_id"]) for hit in found["hits"]], min(found["total"]["value"], COUNTED + 1))

    def prepare(self) -> None:
        def make() -> None:
            if not self._client.indices.exists(index=self.index):
                self._client.indices.create(index=self.index, settings={"analysis": ANALYSIS}, mappings=MAPPINGS)

        self._asked(make)

    def refresh(self, changes: Mapping[int, int]) -> None:
        posts = {post.id: post for post in queries.published(list(changes))}
        lines: list[dict[str, Any]] = []
        for post_id, number in changes.items():
            about = {"_id": str(post_id), "version": number, "version_type": "external_gte"}
            if (post := posts.get(post_id)) is None:
                lines.append({"delete": about})
            else:
                lines += [
                    {"index": about},
                    {
                        "id": post.id,
                        "title": post.title,
                        "body": words.plain(post.html),
                        "tags": [tag.name for tag in post.tags],
                        "author": [each.name for each in (post.author, *post.co_authors)],
                        "published_at": iso(post.published_at),
                        "reported": number,
                    },
                ]
        db.session.rollback()  # nothing was written, and nobody should wait for the engine
        if lines:
            answer = self._asked(lambda: self._client.bulk(index=self.index, operations=lines))
            for item in answer["items"]:
                ((_verb, said),) = item.items()
                if "error" in said and said["status"] != CONFLICT:
                    raise Unreachable(f"Elasticsearch refused post {said['_id']}: {said['error']}")

    def prune(self, since: int) -> int:
        def away() -> int:
            self._client.indices.refresh(index=self.index)
            answer = self._client.delete_by_query(
                index=self.index, query={"range": {"reported": {"lt": since}}}, conflicts="proceed", refresh=True
            )
            return int(answer["deleted"])

        return self._asked(away)

    def count(self) -> Count:
        entries = int(self._asked(lambda: self._client.count(index=self.index))["count"])
        published = queries.how_many_published()
        return Count(entries, missing=max(0, published - entries), left_over=max(0, entries - published))

    def _asked(self, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except NotFoundError:
            raise Unreachable(f"Elasticsearch has no index called {self.index}") from None
        except (ApiError, TransportError) as error:
            raise Unreachable(f"Elasticsearch: {' '.join(str(error).split())[:200]}") from None


def _query(terms: Sequence[Term], now: datetime) -> dict[str, Any]:
    """All of the terms, each in any field; newer posts count for a little more."""
    return {
        "function_score": {
            "query": {"bool": {"must": [_in_any_field(term) for term in terms]}},
            "functions": [
                {"weight": 1},
                {
                    "exp": {"published_at": {"origin": iso(now), "scale": "365d", "decay": 0.5}},
                    "weight": FRESHNESS,
                },
            ],
            "score_mode": "sum",
            "boost_mode": "multiply",
        }
    }


def _in_any_field(term: Term) -> dict[str, Any]:
    """What is indexed by pairs and single characters has one place more than a question in pairs: hence the slop."""
    *before, last = (words.IS_UNSPACED.match(word) is not None for word in term.words)
    kind = "phrase_prefix" if term.is_beginning and not last else "phrase"
    return {
        "multi_match": {"query": " ".join(term.words), "type": kind, "fields": FIELDS, "slop": sum(before)},
    }


@cache
def _client(url: str) -> elasticsearch.Elasticsearch:
    """One a process, which keeps its connections. A path in the address is the index, and no part of the server."""
    logging.getLogger("elastic_transport").setLevel(logging.WARNING)  # it tells of every request otherwise
    parts = urlsplit(url)
    signed_in = (parts.username, parts.password or "") if parts.username else None
    port = parts.port or (443 if parts.scheme == "https" else 9200)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return elasticsearch.Elasticsearch(
        f"{parts.scheme}://{host}:{port}",
        basic_auth=signed_in,
        request_timeout=SECONDS_TO_INDEX,
        max_retries=0,
    )
