"""Files in a bucket of an S3-compatible store, as Amazon, MinIO, Garage, Ceph and Cloudflare have them.

UPLOADS_URL is ``s3://KEY:SECRET@bucket/prefix?endpoint=https://store.example.org&region=…``. It needs the `minio`
package, which `requirements-s3.txt` locks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from webapp.images.storage.errors import Missing, Unavailable

if TYPE_CHECKING:
    from minio import Minio

AMAZON = "https://s3.amazonaws.com"
TIMEOUT_SECONDS = 10
TRIES = 3


class Bucket:
    """The files of a bucket whose names begin with ``prefix``."""

    def __init__(self, client: Minio, name: str, prefix: str) -> None:
        self.client, self.name, self.prefix = client, name, prefix

    def write(self, name: str, data: bytes) -> None:
        with _complaining():
            self.client.put_object(self.name, self.prefix + name, io.BytesIO(data), len(data))

    def read(self, name: str) -> bytes:
        with _complaining():
            answer = self.client.get_object(self.name, self.prefix + name)
            try:
                return answer.read()
            finally:
                answer.close()
                answer.release_conn()

    def remove(self, folder: str) -> None:
        with _complaining():
            for each in self.client.list_objects(self.name, f"{self.prefix}{folder}/", recursive=True):
                self.client.remove_object(self.name, str(each.object_name))

    def folders(self) -> Iterator[tuple[str, datetime]]:
        newest: dict[str, datetime] = {}
        with _complaining():
            for each in self.client.list_objects(self.name, self.prefix or None, recursive=True):
                folder, slash, _file = str(each.object_name).removeprefix(self.prefix).partition("/")
                if slash and each.last_modified is not None:
                    newest[folder] = max(each.last_modified, newest.get(folder, each.last_modified))
        yield from newest.items()


def opened(url: str) -> Bucket:
    """The bucket that UPLOADS_URL names. Nothing is asked of it yet."""
    import urllib3
    from minio import Minio

    parts = urlsplit(url)
    query = parse_qs(parts.query)
    endpoint = urlsplit(query.get("endpoint", [AMAZON])[0])
    client = Minio(
        endpoint.netloc,
        access_key=unquote(parts.username or "") or None,
        secret_key=unquote(parts.password or "") or None,
        secure=endpoint.scheme == "https",
        region=query.get("region", ["us-east-1"])[0],
        http_client=urllib3.PoolManager(
            timeout=urllib3.Timeout(TIMEOUT_SECONDS),
            retries=urllib3.Retry(TRIES, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]),
        ),
    )
    prefix = parts.path.strip("/")
    return Bucket(client, (parts.hostname or "").lower(), f"{prefix}/" if prefix else "")


@contextmanager
def _complaining() -> Iterator[None]:
    from minio.error import MinioException, S3Error
    from urllib3.exceptions import HTTPError

    try:
        yield
    except S3Error as error:
        if error.code in {"NoSuchKey", "NoSuchObject"}:
            raise Missing(str(error.object_name)) from None
        raise Unavailable(f"the bucket says {error.code}: {error.message}") from None
    except (MinioException, HTTPError, OSError) as error:
        raise Unavailable(f"the bucket cannot be reached: {_line(error)}") from None


def _line(error: Any) -> str:
    return " ".join(str(error).split())[:200]
