"""W6: send 2,000 small and 20 large objects to a server on loopback that only stores; then again, unchanged.

The bound is the object-store library alone, 16 at a time, everything read and sent; the peer is boto3. All alternate in
one run. `python -m tests.benchmarks.bench_sync [rounds]`
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from export.sync import local_files, sync
from export.synced import SyncMemory
from export.upstream import connect
from imaging.progress import silent
from tests.benchmarks.s3_sink import served_process

SMALL, LARGE, LARGE_BYTES = 2000, 20, 20_000_000


def make_files(root: Path) -> list[str]:
    """Small files of 200 bytes to 20 kB and large ones of 20 MB, the same each time."""
    draw = random.Random(6)
    paths: list[str] = []
    for number in range(SMALL):
        place = root / "scans" / f"{number // 4:04}" / f"{number}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(draw.randbytes(draw.randint(200, 20_000)))
        paths.append(place.relative_to(root).as_posix())
    for number in range(LARGE):
        place = root / "scans" / f"{number:04}" / "pixels.bin"
        place.write_bytes(draw.randbytes(LARGE_BYTES))
        paths.append(place.relative_to(root).as_posix())
    return paths


def library_alone(root: Path, paths: list[str], endpoint: str, prefix: str, *, again: bool) -> None:
    """obstore, 16 at a time; unchanged: its listing, compared by size."""
    import obstore
    from obstore.store import S3Store

    store = S3Store("bucket", prefix=prefix, endpoint=endpoint, region="us-east-1", client_options={"allow_http": True})
    there = {item["path"]: item["size"] for page in obstore.list(store, chunk_size=1000) for item in page}
    missing = [path for path in paths if there.get(path) != (root / path).stat().st_size]
    assert bool(missing) != again
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda path: obstore.put(store, path, root / path), missing))


def boto3_alone(root: Path, paths: list[str], endpoint: str, prefix: str, *, again: bool) -> None:
    """boto3's transfers, 10 threads; unchanged: its listing, compared by size."""
    import boto3

    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="bucket", Prefix=prefix + "/")
    there = {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}
    missing = [path for path in paths if there.get(f"{prefix}/{path}") != (root / path).stat().st_size]
    assert bool(missing) != again
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda path: client.upload_file(str(root / path), "bucket", f"{prefix}/{path}"), missing))


def overread(root: Path, paths: list[str], endpoint: str, prefix: str, *, again: bool) -> None:
    """What `overread sync` runs, with its memory."""
    memory = SyncMemory(root.parent / f"memory-{prefix}")
    report = sync("id", local_files(root, paths), connect(f"s3://bucket/{prefix}", endpoint), silent(), memory=memory)
    assert report.transferred == (0 if again else len(paths))


CLIENTS: dict[str, Callable[..., None]] = {"overread": overread, "obstore": library_alone, "boto3": boto3_alone}


def main(rounds: int) -> None:
    """Print medians of the ratios, first and again, and the requests an unchanged sync made."""
    os.environ.update(AWS_ACCESS_KEY_ID="bench", AWS_SECRET_ACCESS_KEY="bench")
    seconds: dict[tuple[str, bool], list[float]] = {}
    requests: dict[tuple[str, bool], int] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "dataset"
        paths = make_files(root)
        for number in range(rounds):
            with served_process() as (endpoint, count):
                order = list(CLIENTS) if number % 2 else list(reversed(CLIENTS))
                for again in (False, True):
                    for name in order:
                        before = count()
                        start = time.perf_counter()
                        CLIENTS[name](root, paths, endpoint, f"{name}-{number}", again=again)
                        seconds.setdefault((name, again), []).append(time.perf_counter() - start)
                        time.sleep(0.3)  # the server tells its count 20 times a second
                        requests[name, again] = count() - before
    for again in (False, True):
        for name in CLIENTS:
            mine, bound = seconds[name, again], seconds["obstore", again]
            ratio = statistics.median(a / b for a, b in zip(mine, bound, strict=True))
            when = "again" if again else "first"
            best = f"{min(mine):.2f} s at best, {min(mine) / min(bound):.2f} × obstore's best"
            print(f"W6 {when} {name:9} {ratio:.2f} × obstore ({best}), {requests[name, again]} requests")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
