"""Syncing to a folder and to a server that speaks S3."""

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from export.destination import Destination, Stored, SyncProblem, Upload
from export.destinations import folder as folder_module
from export.destinations import object_store
from export.manifest import NAME
from export.sync import check_upstream, local_files, sync
from export.synced import SyncMemory
from export.upstream import connect
from imaging.progress import Cancelled, Progress, silent
from tests.benchmarks.s3_sink import Sink, serve

ID = "01JTEST"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "dataset"
    for number in range(12):
        place = root / "scans" / f"key {number}" / "scan.json"
        place.parent.mkdir(parents=True)
        place.write_text(json.dumps({"number": number}))
    (root / "dataset.json").write_text(json.dumps({"id": ID}))
    (root / "scans" / "key 1" / "größe.bin").write_bytes(bytes(range(256)) * 40)
    return root


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, sink: Sink) -> Iterator[Destination]:
    if request.param == "folder":
        yield connect(str(tmp_path / "upstream"))
        return
    with serve(sink) as endpoint:
        yield connect("s3://bucket/some/where", endpoint)


def files(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.is_file()]


def run(root: Path, place: Destination, memory: SyncMemory | None = None) -> tuple[int, int]:
    report = sync(ID, local_files(root, files(root)), place, silent(), memory=memory)
    return report.transferred, report.unchanged


class Recorder:
    """A destination that notes the order of what is put."""

    def __init__(self, inner: Destination) -> None:
        self.inner = inner
        self.puts: list[str] = []
        self.reads: list[str] = []
        self.where = inner.where

    def listing(self) -> Mapping[str, Stored]:
        return self.inner.listing()

    def blocks(self, path: str) -> Iterator[bytes]:
        self.reads.append(path)
        return self.inner.blocks(path)

    def put(self, upload: Upload) -> str:
        tag = self.inner.put(upload)
        self.puts.append(upload.path)
        return tag


@pytest.mark.parametrize("remembers", [True, False])
def test_second_sync_sends_nothing(source: Path, place: Destination, tmp_path: Path, remembers: bool) -> None:
    memory = tmp_path / "memory.jsonl" if remembers else None
    count = len(files(source))
    assert run(source, place, SyncMemory(memory)) == (count, 0)
    again = Recorder(place)
    assert run(source, again, SyncMemory(memory)) == (0, count)
    assert again.puts == []
    assert again.reads == ([] if remembers else [NAME])
    assert check_upstream(ID, place, silent()) == count


def test_manifest_comes_last_and_names_size_and_digest_of_everything(source: Path, place: Destination) -> None:
    recorder = Recorder(place)
    run(source, recorder)
    assert recorder.puts[-1] == NAME
    assert sorted(recorder.puts[:-1]) == sorted(files(source))
    manifest = json.loads(b"".join(place.blocks(NAME)))
    assert manifest["dataset"] == ID
    for item in manifest["objects"]:
        data = (source / item["path"]).read_bytes()
        assert (item["size"], item["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert {item["path"] for item in manifest["objects"]} == set(files(source))


@pytest.mark.parametrize("remembers", [True, False])
def test_only_what_changed_travels_even_when_its_size_is_the_same(
    source: Path, place: Destination, tmp_path: Path, remembers: bool
) -> None:
    memory = tmp_path / "memory.jsonl" if remembers else None
    run(source, place, SyncMemory(memory))
    changed = source / "scans" / "key 3" / "scan.json"
    changed.write_text(changed.read_text().replace("3", "7"))
    os.utime(changed, ns=(1, 1))
    recorder = Recorder(place)
    assert run(source, recorder, SyncMemory(memory))[0] == 1
    assert recorder.puts == ["scans/key 3/scan.json", NAME]
    assert b"".join(place.blocks("scans/key 3/scan.json")) == changed.read_bytes()


def test_a_touched_file_is_read_again_but_does_not_travel(source: Path, place: Destination, tmp_path: Path) -> None:
    run(source, place, SyncMemory(tmp_path / "memory"))
    os.utime(source / "dataset.json", ns=(5, 5))
    assert run(source, place, SyncMemory(tmp_path / "memory"))[0] == 0


def test_nothing_is_ever_deleted_upstream(source: Path, place: Destination) -> None:
    run(source, place)
    (source / "scans" / "key 2" / "scan.json").unlink()
    run(source, place)
    assert "scans/key 2/scan.json" in place.listing()
    assert check_upstream(ID, place, silent()) == len(files(source)) + 1


def test_two_people_who_sync_one_dataset_both_stay_in_the_manifest(
    source: Path, place: Destination, tmp_path: Path
) -> None:
    mine, theirs = SyncMemory(tmp_path / "mine"), SyncMemory(tmp_path / "theirs")
    run(source, place, mine)
    other = tmp_path / "other copy"
    (other / "scans" / "new").mkdir(parents=True)
    (other / "scans" / "new" / "scan.json").write_text("{}")
    run(other, place, theirs)
    (source / "more.json").write_text("{}")
    run(source, place, mine)
    assert check_upstream(ID, place, silent()) == len(files(source)) + 1


def test_an_object_that_someone_replaced_upstream_is_sent_again(
    source: Path, place: Destination, tmp_path: Path
) -> None:
    memory = SyncMemory(tmp_path / "memory")
    run(source, place, memory)
    size = (source / "dataset.json").stat().st_size
    place.put(Upload("dataset.json", size, lambda: iter([b"x" * size])))
    with pytest.raises(SyncProblem, match=r"dataset.json: differs from what was sent"):
        check_upstream(ID, place, silent())
    assert run(source, place, memory)[0] == 1
    assert check_upstream(ID, place, silent()) == len(files(source))


def test_an_object_that_vanished_upstream_is_told_and_sent_again(source: Path, tmp_path: Path) -> None:
    place, memory = connect((tmp_path / "upstream").as_uri()), SyncMemory(tmp_path / "memory")
    run(source, place, memory)
    (tmp_path / "upstream" / "dataset.json").unlink()
    with pytest.raises(SyncProblem, match="is missing upstream"):
        check_upstream(ID, place, silent())
    assert run(source, place, memory)[0] == 1


def test_links_do_not_travel(source: Path, place: Destination, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("not yours")
    (source / "link").symlink_to(secret)
    run(source, place)
    assert "link" not in place.listing()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "manifest.json that cannot be read"),
        ('{"format": 1, "dataset": "01JTEST", "objects": [{"path": "a"}]}', "cannot be read"),
        ('{"format": 9, "dataset": "01JTEST", "later": []}', "synced by a newer program"),
        ('{"format": 1, "dataset": "other", "objects": []}', "holds another dataset already"),
    ],
)
def test_a_place_with_a_manifest_that_is_not_ours_is_refused_before_anything_is_sent(
    source: Path, place: Destination, text: str, said: str
) -> None:
    place.put(Upload(NAME, len(text), lambda: iter([text.encode()])))
    with pytest.raises(SyncProblem, match=said):
        run(source, place)
    assert list(place.listing()) == [NAME]


def test_a_memory_cut_short_in_a_line_still_serves(source: Path, place: Destination, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    run(source, place, SyncMemory(memory))
    memory.write_bytes(memory.read_bytes()[:-100] + b'{"path": "half')
    assert run(source, place, SyncMemory(memory))[0] <= 1
    assert run(source, place, SyncMemory(memory))[0] == 0


def test_a_memory_that_cannot_be_written_does_not_stop_the_sync(source: Path, place: Destination) -> None:
    assert run(source, place, SyncMemory(Path("/dev/null/memory")))[0] == len(files(source))


def test_cancelling_stops_the_sync_and_the_next_one_goes_on(source: Path, place: Destination, tmp_path: Path) -> None:
    progress = Progress()

    class StopsInTheMiddle(Recorder):
        def put(self, upload: Upload) -> str:
            tag = super().put(upload)
            if len(self.puts) == 5:
                progress.cancel()
            return tag

    memory = tmp_path / "memory"
    local = local_files(source, files(source))
    with pytest.raises(Cancelled):
        sync(ID, local, StopsInTheMiddle(place), progress, memory=SyncMemory(memory))
    assert NAME not in place.listing()
    sent, unchanged = run(source, place, SyncMemory(memory))
    assert (sent + unchanged, unchanged >= 5) == (len(local), True)
    assert check_upstream(ID, place, silent()) == len(local)


def test_a_file_that_cannot_be_read_is_said_in_one_line(source: Path, place: Destination) -> None:
    local = local_files(source, files(source))
    (source / "dataset.json").unlink()
    with pytest.raises(SyncProblem, match=r"dataset.json: cannot be read \(No such file"):
        sync(ID, local, place, silent())


def test_large_objects_travel_in_parts(tmp_path: Path, sink: Sink) -> None:
    root = tmp_path / "dataset"
    root.mkdir()
    (root / "large.bin").write_bytes(os.urandom(20 * 2**20))
    with serve(sink) as endpoint:
        run(root, connect("s3://bucket/x", endpoint))
    assert sink.objects["x/large.bin"][0] == 20 * 2**20
    assert sum("partNumber" in request for request in sink.requests) == 3


def test_every_request_carries_a_checksum_of_what_it_holds(sink: Sink) -> None:
    with serve(sink) as endpoint:
        connect("s3://bucket/x", endpoint).put(Upload("a", 9, lambda: iter([b"1234", b"56789"])))
    # The check value of CRC-64/NVME, of the digits 1 to 9.
    assert sink.headers[-1]["x-amz-checksum-crc64nvme"] == base64.b64encode(bytes.fromhex("ae8b14860a799888")).decode()


@pytest.mark.parametrize(
    ("endpoint", "kind", "unsigned"),
    [
        ("http://192.0.2.7:9000", "SHA256", None),
        ("https://storage.example", "CRC64NVME", True),
        ("http://127.0.0.1:9000", "CRC64NVME", True),
        ("", "CRC64NVME", True),
    ],
)
def test_what_travels_unencrypted_is_signed_whole(endpoint: str, kind: str, unsigned: bool | None) -> None:
    config = object_store._config(endpoint, "us-east-1")
    assert (config.get("checksum_algorithm"), config.get("unsigned_payload")) == (kind, unsigned)


def test_unchanged_sync_asks_for_the_listing_only(source: Path, tmp_path: Path) -> None:
    sink, memory = Sink(page=10), tmp_path / "memory"
    with serve(sink) as endpoint:
        place = connect("s3://bucket/x", endpoint)
        count, _ = run(source, place, SyncMemory(memory))
        sink.requests.clear()
        assert run(source, place, SyncMemory(memory))[0] == 0
    assert len(sink.requests) == -(-(count + 1) // 10)
    assert all(request.startswith("GET /bucket?") and "list-type=2" in request for request in sink.requests)


@pytest.mark.parametrize(("told", "line"), [(500, "answered with status 500, 3 times"), (0, "could not be reached")])
def test_a_server_that_keeps_failing_is_tried_again_and_then_said_in_one_line(
    source: Path, monkeypatch: pytest.MonkeyPatch, told: int, line: str
) -> None:
    monkeypatch.setattr(object_store, "TRIES", 3)
    sink = Sink(lambda _number, method, _target: told if method == "PUT" else None)
    with serve(sink) as endpoint, pytest.raises(SyncProblem) as caught:
        run(source, connect("s3://bucket/x", endpoint))
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)
    tried = [request for request in sink.requests if request.endswith("dataset.json")]
    assert len(tried) in (0, 3)
    assert not any(NAME in request for request in sink.requests)


@pytest.mark.parametrize("told", [500, 503, 0])
def test_a_server_that_fails_now_and_then_gets_everything(source: Path, told: int) -> None:
    sink = Sink(lambda number, _method, _target: told if number % 4 == 0 else None)
    with serve(sink) as endpoint:
        place = connect("s3://bucket/x", endpoint)
        assert run(source, place)[0] == len(files(source))
        sink.plan = None
        assert check_upstream(ID, place, silent()) == len(files(source))


@pytest.mark.parametrize(
    ("status", "line"),
    [(403, "refused the credentials"), (404, "has no such bucket"), (401, "refused the credentials")],
)
def test_a_server_that_refuses_is_not_asked_again(source: Path, status: int, line: str) -> None:
    sink = Sink(lambda *_request: status)
    with serve(sink) as endpoint, pytest.raises(SyncProblem, match=line):
        run(source, connect("s3://bucket/x", endpoint))
    assert len(sink.requests) == 1


def test_a_server_that_is_not_there_is_said_with_its_address(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "TRIES", 2)
    with pytest.raises(SyncProblem, match=r"s3://bucket/x at http://127.0.0.1:9: could not be reached"):
        run(source, connect("s3://bucket/x", "http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://somewhere/x", "is no place to sync to"),
        ("s3:///prefix", "names no bucket"),
        ("s3://a b/prefix", "names no bucket"),
        ("/nowhere/at/all", "does not exist, nor the folder above it"),
        (__file__, "is a file, not a folder"),
    ],
)
def test_places_that_cannot_be_are_refused(url: str, said: str) -> None:
    with pytest.raises(SyncProblem, match=said):
        connect(url)


def test_a_folder_has_no_endpoint(tmp_path: Path) -> None:
    with pytest.raises(SyncProblem, match="has no endpoint"):
        connect(str(tmp_path), "http://127.0.0.1:9")


@pytest.mark.parametrize("path", ["../up", "/root", "a//b", "a/../../b", "a\\b"])
def test_no_object_leaves_the_folder_upstream(tmp_path: Path, path: str) -> None:
    place = connect(str(tmp_path / "upstream"))
    with pytest.raises(SyncProblem, match="outside its folder"):
        place.put(Upload(path, 1, lambda: iter([b"x"])))


def test_a_disk_that_does_not_keep_what_was_written_is_noticed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_module, "_digest", lambda _path: "0" * 64)
    with pytest.raises(SyncProblem, match="did not keep what was written"):
        run(source, connect(str(tmp_path / "upstream")))
    assert files(tmp_path / "upstream") == []


def test_a_full_disk_upstream_is_said_and_leaves_nothing_half_written(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(place: Path, blocks: Iterator[bytes]) -> str:
        place.write_bytes(next(blocks))
        raise OSError(28, "No space left on device", str(place))

    monkeypatch.setattr(folder_module, "_write", full)
    with pytest.raises(SyncProblem, match="No space left on device"):
        run(source, connect(str(tmp_path / "upstream")))
    assert files(tmp_path / "upstream") == []


SCRIPT = """
import sys
from pathlib import Path
from export.upstream import connect
from export.sync import local_files, sync
from export.synced import SyncMemory
from export.upstream import connect
from imaging.progress import silent
root, url, endpoint, memory = sys.argv[1:]
paths = [p.relative_to(root).as_posix() for p in sorted(Path(root).rglob("*")) if p.is_file()]
remembered = SyncMemory(Path(memory))
report = sync("01JTEST", local_files(Path(root), paths), connect(url, endpoint), silent(), memory=remembered)
print(report.transferred, report.unchanged)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_sync_killed_in_the_middle_and_repeated_is_complete(source: Path, tmp_path: Path, kind: str) -> None:
    from moto.server import ThreadedMotoServer

    for number in range(300):
        (source / f"{number}.bin").write_bytes(os.urandom(3000))
    (source / "large.bin").write_bytes(os.urandom(18 * 2**20))
    memory = tmp_path / "memory"
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    url, endpoint = str(tmp_path / "upstream"), ""
    if kind == "s3":
        import boto3

        server.start()
        host, port = server.get_host_and_port()
        url, endpoint = "s3://bucket/data set", f"http://{host}:{port}"
        boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket="bucket")
    try:
        words = [sys.executable, "-c", SCRIPT, str(source), url, endpoint, str(memory)]
        rest = len(files(source))
        for stop_after in (20, 120):
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
            while process.poll() is None and (not memory.exists() or memory.read_bytes().count(b'"path"') < stop_after):
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
        place = connect(url, endpoint)
        assert NAME not in place.listing()
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        sent, unchanged = map(int, done.stdout.split())
        assert sent + unchanged == rest
        assert unchanged >= 100
        assert check_upstream(ID, place, silent()) == rest
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["0", str(rest)]
    finally:
        if kind == "s3":
            server.stop()


@pytest.mark.slow
def test_a_real_implementation_of_s3_checks_and_keeps_what_is_sent(source: Path) -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    (source / "large.bin").write_bytes(os.urandom(18 * 2**20))
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        place = connect("s3://checked/data", endpoint)
        with pytest.raises(SyncProblem, match="has no such bucket"):
            run(source, place)
        client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
        client.create_bucket(Bucket="checked")
        count = len(files(source))
        assert run(source, place) == (count, 0)
        assert run(source, place) == (0, count)
        assert check_upstream(ID, place, silent()) == count
        # An independent client reads the same bytes.
        for path in ("large.bin", "scans/key 1/größe.bin"):
            answer = client.get_object(Bucket="checked", Key=f"data/{path}")
            assert answer["Body"].read() == (source / path).read_bytes()
    finally:
        server.stop()


def test_a_file_that_grew_while_it_was_sent_is_looked_at_again(
    source: Path, place: Destination, tmp_path: Path
) -> None:
    local = local_files(source, files(source))
    path = "dataset.json"
    local[path] = replace(local[path], size=local[path].size - 1, changed_ns=1)
    memory = SyncMemory(tmp_path / "memory")
    sync(ID, local, place, silent(), memory=memory)
    assert memory.files[path].size == (source / path).stat().st_size
    assert run(source, place, memory)[0] == 0
    assert memory.files[path].changed_ns == (source / path).stat().st_mtime_ns
