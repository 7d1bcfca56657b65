"""Sync to an object store that speaks S3."""

# pyright: reportUnknownMemberType=false

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from export.destination import Destination, Stored, SyncProblem, Upload

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Store

WHOLE = 8 * 2**20
"""Objects up to this many bytes travel in one request; larger ones are streamed in parts of this size."""

MOST_PARTS = 9000
"""S3 allows 10,000."""

TRIES = 8
"""How often one request is tried, waiting from 0.1 up to 5 seconds in between."""


class ObjectStoreDestination:
    """A bucket, or what lies below a prefix of it.

    The server refuses bytes that arrive changed: each request carries a checksum of what it holds, signed over plain
    http a SHA-256.
    Blocking calls are used on purpose, one per thread: the library's own asynchronous ones have aborted under load.
    """

    def __init__(self, where: str, store: S3Store) -> None:
        self._where = where
        self._store = store

    @property
    def where(self) -> str:
        """The URL."""
        return self._where

    def listing(self) -> Mapping[str, Stored]:
        """Every object below the prefix; one request for each thousand."""
        import obstore

        found: dict[str, Stored] = {}
        try:
            for page in obstore.list(self._store, chunk_size=1000):
                for item in page:
                    found[item["path"]] = Stored(item["size"], _tag(item["e_tag"]))
        except Exception as error:
            raise self._problem(error) from error
        return found

    def blocks(self, path: str) -> Iterator[bytes]:
        """The bytes of one object."""
        import obstore

        try:
            for block in obstore.get(self._store, path).stream(min_chunk_size=2**20):
                yield bytes(block)
        except Exception as error:
            raise self._problem(error) from error

    def put(self, upload: Upload) -> str:
        """Small objects in one request; large ones in parts, read as they are sent."""
        import obstore

        try:
            if upload.size <= WHOLE:
                whole = b"".join(upload.blocks())
                return _tag(obstore.put(self._store, upload.path, whole, use_multipart=False)["e_tag"])
            part = max(WHOLE, -(-upload.size // MOST_PARTS))
            sent = obstore.put(self._store, upload.path, upload.blocks(), chunk_size=part, max_concurrency=3)
            return _tag(sent["e_tag"])
        except Exception as error:
            raise self._problem(error) from error

    def _problem(self, error: Exception) -> Exception:
        """One line about what the library, or the reading of the file to be sent, met."""
        text = str(error)
        status = re.search(r"status(?: code)?:? (\d{3})|\b([45]\d\d) [A-Z][a-z]+", text)
        code = next((group for group in status.groups() if group), "") if status else ""
        advice = "Nothing is lost; sync again when it answers"
        if "credential" in text.lower() or "169.254." in text:
            keys = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            return SyncProblem("needs credentials, and none were found", self._where, keys)
        if isinstance(error, FileNotFoundError) or code == "404":
            return SyncProblem("has no such bucket or object", self._where, "Make the bucket first, or check the name")
        if code in ("401", "403"):
            return SyncProblem(f"refused the credentials (status {code})", self._where, "Check AWS_ACCESS_KEY_ID")
        if code:
            return SyncProblem(f"answered with status {code}, {TRIES} times", self._where, advice)
        if type(error).__module__.startswith("obstore") or isinstance(error, (OSError, ValueError)):
            return SyncProblem(f"could not be reached ({_cause(text)})", self._where, advice)
        return error


class ObjectStoreKind:
    """Buckets, as s3://bucket/prefix."""

    name = "object_store"
    title = "An object store (S3)"
    example = "s3://bucket/dataset"

    def accepts(self, url: str) -> bool:
        """S3 URLs."""
        return url.lower().startswith("s3://")

    def connect(self, url: str, endpoint: str) -> Destination:
        """The bucket; credentials and, without `endpoint`, the server come from the usual AWS variables."""
        from obstore.store import S3Store

        parts = urlsplit(url)
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}", parts.netloc):
            raise SyncProblem("names no bucket", url, f"Write it like {self.example}")
        endpoint = endpoint or os.environ.get("AWS_ENDPOINT_URL_S3", "") or os.environ.get("AWS_ENDPOINT_URL", "")
        server = urlsplit(endpoint)
        # Checked here, because the library panics over addresses that are none.
        if endpoint and (server.scheme not in ("http", "https") or not server.hostname or " " in endpoint):
            raise SyncProblem("is no address of a server", endpoint, "Write it like https://storage.example:9000")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        try:
            store = S3Store(
                parts.netloc,
                prefix=parts.path.strip("/") or None,
                config=_config(endpoint, region),
                client_options=_client(endpoint),
                retry_config=_retries(),
            )
        except Exception as error:
            why = _cause(str(error))
            raise SyncProblem(f"cannot be used ({why})", url, "Check the URL and the endpoint") from error
        return ObjectStoreDestination(f"{url} at {endpoint}" if endpoint else url, store)


def _config(endpoint: str, region: str) -> S3Config:
    config: S3Config = {"region": region}
    if _is_private(endpoint):
        # Nobody can change what travels here, so a checksum against faults is enough and costs next to nothing.
        config.update(unsigned_payload=True, checksum_algorithm="CRC64NVME")
    else:
        config.update(checksum_algorithm="SHA256")
    if endpoint:
        # Servers of one's own rarely have a host name for each bucket.
        config.update(endpoint=endpoint, virtual_hosted_style_request=False)
    return config


def _is_private(endpoint: str) -> bool:
    """Whether what travels is encrypted, or does not leave this computer."""
    server = urlsplit(endpoint)
    return server.scheme != "http" or server.hostname in ("localhost", "127.0.0.1", "::1")


def _client(endpoint: str) -> ClientConfig:
    minutes = timedelta(minutes=5)
    return {
        "allow_http": endpoint.lower().startswith("http://"),
        "connect_timeout": timedelta(seconds=10),
        "timeout": minutes,
        "user_agent": "overread",
    }


def _retries() -> RetryConfig:
    backoff = timedelta(seconds=0.1)
    return {
        "max_retries": TRIES - 1,
        "retry_timeout": timedelta(minutes=2),
        "backoff": {"init_backoff": backoff, "max_backoff": timedelta(seconds=5), "base": 2},
    }


def _tag(tag: str | None) -> str:
    return (tag or "").strip('"')


def _cause(text: str) -> str:
    """The innermost reason of a nested message, on one short line."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "Debug source" not in line]
    causes = re.findall(r"(?:source: |message: |Caused by: ?|: )([^:{}]+)", lines[0]) if lines else []
    cause = (causes[-1] if causes else lines[0] if lines else "no reason given").strip(' ".,')
    return cause[:120]


PLUGIN = ObjectStoreKind()
