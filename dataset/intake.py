"""Taking a scan into the dataset: its pixels, its sources' hashes, its patient group; and having it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from dataset.annotation import now
from dataset.audit import sha256
from dataset.described import title_of
from dataset.entry import SCAN, Entry
from dataset.errors import DatasetProblem
from dataset.facts import Facts, make_from, read_bytes, to_json
from dataset.files import scan_to_json
from dataset.groups import Shares, draw_split, group_of
from dataset.pixels import decode_pixels, encode_pixels, read_all
from dataset.places import sources_of
from dataset.record import ScanRecord, Split
from imaging.loaded import LoadedScan
from imaging.progress import Progress
from imaging.scan import Pixels, Scan, ScanInfo

CHUNK = 4 * 2**20
LARGEST_PIXELS = 2**40


@dataclass(frozen=True, slots=True)
class TakenScan:
    """A scan ready to be written."""

    record: ScanRecord
    info: ScanInfo
    pixels: Mapping[str, bytes]
    """The pixels' file by its path inside the scan's folder; empty when kept by reference."""

    def files(self, split: Split) -> dict[str, bytes]:
        """The files of the scan's folder."""
        kept = [{"file": name, "sha256": sha256(data), "bytes": len(data)} for name, data in self.pixels.items()]
        record = replace(self.record, split=split)
        try:
            described = to_json(scan_to_json(record, self.info, kept[0] if kept else None))
        except ValueError as error:
            raise DatasetProblem("is described by a number that is not finite", self.info.name) from error
        return {**self.pixels, SCAN: described}


def take_in(
    scan: Scan, key: str, patient: str, group_key: bytes, shares: Shares, progress: Progress, *, keep_pixels: bool
) -> TakenScan:
    """Read what the dataset keeps of a scan."""
    info = scan.info
    group = group_of(info, key, patient, group_key)
    pixels: dict[str, bytes] = {}
    if keep_pixels:
        voxels = read_all(scan, progress.part(0.0, 0.4, "Reading pixels"))
        name, data = encode_pixels(voxels, info)
        pixels[f"pixels/{name}"] = data
    sources = sources_of(info.sources, progress.part(0.6, 0.3, "Checking sources"))
    split = draw_split(group.id, group_key, shares)
    record = ScanRecord(key, title_of(info, key), info, sources, group.id, group.made_from, split, now())
    progress.report(0.9, 1.0, "Writing")
    return TakenScan(record, info, pixels)


def kept_scan(entry: Entry) -> LoadedScan:
    """The scan from its kept pixels, checked against their hash when they are read."""
    record = entry.check()
    facts = Facts(entry.headers[SCAN])
    if "pixels" not in facts:
        raise DatasetProblem("is kept by reference, without its pixels", record.title, "Open the scan's own file")
    kept = facts.inner("pixels")
    name, digest, size = kept.text("file"), kept.text("sha256"), kept.whole("bytes")
    path = entry.folder / "pixels" / Path(name).name

    def load(progress: Progress) -> Pixels:
        progress.check()
        data = read_bytes(path, min(size, LARGEST_PIXELS))
        if sha256(data) != digest:
            raise DatasetProblem("was changed since it was kept", path, "Restore it from a copy")
        return make_from({}, path, lambda _facts: decode_pixels(data, record.info))

    return LoadedScan(record.info, load)
