"""As much of an Elasticsearch as Almanac asks for, over HTTP: it indexes what it is sent and answers from that.

It knows the queries of `webapp/search/engines/elasticsearch.py` and refuses any other, so that a test notices a change.
"""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from webapp.search.words import UNSPACED

JSON = "application/vnd.elasticsearch+json"
WORD = re.compile(f"[{UNSPACED}]|[^\\W_{UNSPACED}]+")
ONE = re.compile(f"[{UNSPACED}]")


@dataclass
class Index:
    """Documents by id, and the version of each, also of those that are gone."""

    mappings: dict[str, Any]
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)


@dataclass
class Server:
    """``refusing``: every request is answered with 503. ``asked`` are the paths that were asked for."""

    port: int = 0
    refusing: bool = False
    indexes: dict[str, Index] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    passwords: list[str | None] = field(default_factory=list)

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        if self.refusing:
            return 503, {"error": "unavailable"}
        name, _, verb = path.strip("/").partition("/")
        if verb == "" and method in {"HEAD", "PUT"}:
            return self._index(method, name, body)
        if name not in self.indexes:
            return 404, {"error": {"type": "index_not_found_exception"}, "status": 404}
        index = self.indexes[name]
        if verb == "_bulk":
            return 200, {"errors": False, "items": list(_bulk(index, body))}
        asked = json.loads(body or b"{}")
        if verb == "_search":
            return 200, _search(index, asked)
        if verb == "_count":
            return 200, {"count": len(index.documents)}
        if verb == "_refresh":
            return 200, {}
        if verb == "_delete_by_query":
            limit = asked["query"]["range"]["reported"]["lt"]
            gone = [key for key, each in index.documents.items() if each["reported"] < limit]
            for key in gone:
                del index.documents[key]
            return 200, {"deleted": len(gone)}
        return 400, {"error": f"{method} {path}?{query} is not known here"}

    def _index(self, method: str, name: str, body: bytes) -> tuple[int, Any]:
        if method == "HEAD":
            return (200 if name in self.indexes else 404), None
        asked = json.loads(body)
        assert asked["settings"]["analysis"]["analyzer"]["indexed"]["filter"]
        self.indexes[name] = Index(asked["mappings"])
        return 200, {"acknowledged": True}


def _bulk(index: Index, body: bytes):
    lines = iter(json.loads(line) for line in body.splitlines() if line)
    for line in lines:
        ((verb, about),) = line.items()
        document = next(lines) if verb == "index" else None
        assert about["version_type"] == "external_gte"
        if about["version"] < index.versions.get(about["_id"], 0):
            yield {verb: {"_id": about["_id"], "status": 409, "error": {"type": "version_conflict_engine_exception"}}}
            continue
        index.versions[about["_id"]] = about["version"]
        if document is None:
            index.documents.pop(about["_id"], None)
        else:
            unknown = set(document) - set(index.mappings["properties"])
            assert not unknown, f"{unknown} would be refused: the mapping is strict"
            index.documents[about["_id"]] = document
        yield {verb: {"_id": about["_id"], "status": 200}}


def _search(index: Index, asked: dict[str, Any]) -> dict[str, Any]:
    assert set(asked) == {"query", "sort", "size", "from", "_source", "track_total_hits"}
    assert asked["sort"] == [{"_score": "desc"}, {"published_at": "desc"}, {"id": "desc"}]
    score = asked["query"]["function_score"]
    must = score["query"]["bool"]["must"]
    decay = score["functions"][1]["exp"]["published_at"]
    found = []
    for key, document in index.documents.items():
        relevance = [_relevance(document, each["multi_match"]) for each in must]
        if all(relevance):
            days = (_instant(decay["origin"]) - _instant(document["published_at"])).total_seconds() / 86400
            fresh = 1 + score["functions"][1]["weight"] * decay["decay"] ** (abs(days) / float(decay["scale"][:-1]))
            found.append((sum(relevance) * fresh, document["published_at"], document["id"], key))
    found.sort(reverse=True)
    shown = found[asked["from"] : asked["from"] + asked["size"]]
    total = min(len(found), asked["track_total_hits"])
    return {"hits": {"total": {"value": total, "relation": "eq"}, "hits": [{"_id": each[3]} for each in shown]}}


def _relevance(document: dict[str, Any], match: dict[str, Any]) -> float:
    assert set(match) == {"query", "type", "fields", "slop"}
    words = _asked(match["query"])
    is_beginning = match["type"] == "phrase_prefix"
    best = 0.0
    for weighted in match["fields"]:
        name, _, boost = weighted.partition("^")
        values = document[name] if isinstance(document[name], list) else [document[name]]
        for value in values:
            places = _indexed(value)
            count = sum(_stands(places, at, words, is_beginning, match["slop"]) for at in range(len(places)))
            best = max(best, float(boost or 1) * count / (1 + len(places) / 100))
    return best


def _stands(places: list[set[str]], at: int, words: list[str], is_beginning: bool, slop: int) -> bool:
    for number, word in enumerate(words):
        reach = range(at, min(at + slop + 1 if number else at + 1, len(places)))
        is_last = is_beginning and number == len(words) - 1
        hit = next((i for i in reach if word in places[i] or (is_last and _begins(places[i], word))), None)
        if hit is None:
            return False
        at = hit + 1
    return True


def _begins(tokens: set[str], word: str) -> bool:
    return any(token.startswith(word) for token in tokens)


def _indexed(text: str) -> list[set[str]]:
    """The tokens at each place: a character that needs no spaces stands alone and in a pair with the next."""
    found = [(match.group(), match.end()) for match in WORD.finditer(_plain(text))]
    places = []
    for number, (word, end) in enumerate(found):
        after = found[number + 1] if number + 1 < len(found) else None
        is_pair = ONE.match(word) and after and ONE.match(after[0]) and after[1] == end + 1
        places.append({word, word + after[0]} if is_pair else {word})
    return places


def _asked(text: str) -> list[str]:
    words = []
    for run in re.findall(f"[{UNSPACED}]+|[^\\W_{UNSPACED}]+", _plain(text)):
        pairs = ONE.match(run) and len(run) > 1
        words += [run[i : i + 2] for i in range(len(run) - 1)] if pairs else [run]
    return words


def _plain(text: str) -> str:
    bare = (unicodedata.normalize("NFD", each)[0] for each in text)
    return "".join(a if a.isascii() else b for a, b in zip(bare, text, strict=True)).lower()


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@contextmanager
def serving():
    """A server of its own, with nothing in it."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            server.asked.append(path)
            server.passwords.append(self.headers.get("Authorization"))
            status, answer = server.answer(
                self.command, path, dict(pair.partition("=")[::2] for pair in query.split("&") if pair), body
            )
            said = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("X-Elastic-Product", "Elasticsearch")
            self.send_header("Content-Type", JSON)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_HEAD = _any  # noqa: N815  # as the base class looks for them

        def log_message(self, *_: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
        thread.join()
