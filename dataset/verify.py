"""Verifying a dataset folder: is everything as it was written, and does everything that is named exist?

It only reads, so it can be run on a copy, on a read-only disk, or while other programs use the folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from dataset import labelfile
from dataset.annotation import Annotation, Geometry, Proposal, WholeScan
from dataset.audit import Event, read_chain
from dataset.durable import part_of, told
from dataset.entry import SCAN, Entry
from dataset.errors import DatasetProblem
from dataset.facts import Facts, Malformed, read_bytes, read_json
from dataset.files import read_prediction, read_snapshot
from dataset.journal import read_journal
from dataset.manifest import FILE, is_dataset, manifest_from_json
from dataset.mask import Mask
from dataset.record import Finding, Revision
from dataset.store import Store
from imaging.geometry import Size
from imaging.progress import Progress

CHUNK = 4 * 2**20
LARGEST_CHAIN = 2**33


def verify_folder(folder: Path, progress: Progress) -> list[Finding]:
    """Everything that is not as it should be, each in one line; empty when all is well."""
    folder = folder.absolute()
    if not is_dataset(folder):
        raise DatasetProblem("is no dataset folder", folder, f"A dataset folder has a {FILE}")
    store = Store(folder)
    findings: list[Finding] = []
    # In this order, because others may be writing: a file's line is in the chain before the file is in its place.
    present = store.files()
    recorded = _check_chain(store, findings)
    _check_files(store, recorded, findings, progress.part(0.0, 0.6, "Checksums"))
    findings += [Finding(path, "is not in the audit chain") for path in present if path not in recorded]
    entries = _check_scans(folder, findings, progress.part(0.6, 0.4, "References"))
    _check_groups(entries, findings)
    _check_labels(folder, entries, findings)
    findings.extend(_journal_findings(folder))
    findings.extend(_complaint(folder, lambda: read_json(folder / FILE, manifest_from_json)))
    return list(dict.fromkeys(findings))


def _check_chain(store: Store, findings: list[Finding]) -> dict[str, str]:
    """Walk the audit chain; the last recorded hash of each file."""
    recorded: dict[str, str] = {}
    if not store.chain.exists():
        findings.append(Finding("audit.jsonl", "is missing"))
        return recorded
    for item in read_chain(read_bytes(store.chain, LARGEST_CHAIN)):
        if isinstance(item, Event):
            recorded |= item.files
        else:
            # A last line cut short was never said to be kept; it is taken away with the next one.
            findings.append(Finding("audit.jsonl", item, is_notice=item.endswith("to its end")))
    return recorded


def _check_files(store: Store, recorded: dict[str, str], findings: list[Finding], progress: Progress) -> None:
    """Compare every file with the hash in the chain, and the chain with the files there are."""
    for number, (relative, digest) in enumerate(sorted(recorded.items())):
        try:
            path = store.path(relative)
        except DatasetProblem as problem:
            findings.append(Finding("audit.jsonl", problem.what))
            continue
        found = _hash_of(path, progress)
        if found == digest:
            pass
        elif _hash_of(part_of(path), progress) == digest:
            what = "was committed, its renaming is finished when the dataset is next opened"
            findings.append(Finding(relative, what, is_notice=True))
        elif found is None:
            findings.append(Finding(relative, "is missing"))
        else:
            findings.append(Finding(relative, "was changed since it was written"))
        progress.report(number + 1, len(recorded))


def _check_scans(folder: Path, findings: list[Finding], progress: Progress) -> dict[str, Entry]:
    """Read every scan's files whole, and follow what they refer to."""
    entries: dict[str, Entry] = {}
    scans = sorted(path for path in (folder / "scans").iterdir()) if (folder / "scans").is_dir() else []
    for number, scan in enumerate(scans):
        if not (scan / SCAN).exists():
            continue  # never committed, or missed already by the checksums
        entry = Entry(scan)
        entry.refresh()
        findings.extend(Finding(_relative(folder, p.where), p.what) for p in entry.problems.values())
        for name, revision in entry.revisions.items():
            path = scan / "revisions" / f"{name}.json"
            findings.extend(_mark_findings(folder, entry, path, lambda path=path: read_snapshot(path).annotations))
            findings.extend(_dangling(folder, path, revision, entry))
        for name in entry.predictions:
            path = scan / "predictions" / f"{name}.json"
            findings.extend(_mark_findings(folder, entry, path, lambda path=path: read_prediction(path).proposals))
        findings.extend(_pixel_findings(folder, entry))
        entries[scan.name] = entry
        progress.report(number + 1, len(scans))
    return entries


def _mark_findings(
    folder: Path, entry: Entry, path: Path, read: Callable[[], Sequence[Annotation | Proposal]]
) -> Iterator[Finding]:
    """What reading a file of marks complains of, and whether its marks lie on planes that the scan has."""
    try:
        marks = read()
    except DatasetProblem as problem:
        yield Finding(_relative(folder, problem.where), problem.what)
        return
    if entry.record is not None:
        size = entry.record.info.size
        stray = [mark.id for mark in marks if not _is_on_a_plane(mark.geometry, size)]
        if stray:
            rest = f" and {len(stray) - 1} more" if len(stray) > 1 else ""
            yield Finding(_relative(folder, path), f"has mark {stray[0]}{rest} on a plane that the scan does not have")


def _is_on_a_plane(geometry: Geometry, size: Size) -> bool:
    """Whether all planes of a mark are planes of a scan."""
    if isinstance(geometry, WholeScan):
        return True
    if isinstance(geometry, Mask):
        return all(0 <= index < size.count(geometry.axis) for index in geometry.planes)
    return 0 <= geometry.plane.index < size.count(geometry.plane.axis)


def _dangling(folder: Path, path: Path, revision: Revision, entry: Entry) -> Iterator[Finding]:
    where = _relative(folder, path)
    if revision.scan != entry.folder.name:
        yield Finding(where, f"belongs to another scan, {revision.scan!r}")
    if revision.base and revision.base not in entry.revisions:
        yield Finding(where, f"was made from revision {revision.base}, which is not there")
    for lost in sorted(set(revision.settles) - set(entry.revisions)):
        yield Finding(where, f"settles revision {lost}, which is not there")
    if revision.prediction and revision.prediction not in entry.predictions:
        yield Finding(where, f"answers prediction {revision.prediction}, which is not there")


def _pixel_findings(folder: Path, entry: Entry) -> Iterator[Finding]:
    """Whether the pixels that a scan says it keeps are there and are the ones it means."""
    if entry.record is None or not entry.record.pixels:
        return
    where = f"scans/{entry.folder.name}/{entry.record.pixels}"
    try:
        digest = Facts(entry.headers[SCAN]).inner("pixels").text("sha256")
    except Malformed as error:
        yield Finding(f"scans/{entry.folder.name}/{SCAN}", str(error))
        return
    found = _hash_of(folder / where, None)
    if found != digest:
        yield Finding(where, "is missing" if found is None else "is not what its scan.json says")


def _check_groups(entries: dict[str, Entry], findings: list[Finding]) -> None:
    splits: dict[str, str] = {}
    for key, entry in entries.items():
        if entry.record is not None:
            known = splits.setdefault(entry.record.group, entry.record.split)
            if known != entry.record.split:
                where = f"scans/{key}/{SCAN}"
                findings.append(Finding(where, f"is in {entry.record.split}, other scans of its patient in {known}"))


def _check_labels(folder: Path, entries: dict[str, Entry], findings: list[Finding]) -> None:
    try:
        labels = read_json(folder / labelfile.NAME, labelfile.labels_from_json)
    except DatasetProblem as problem:
        findings.append(Finding(labelfile.NAME, problem.what))
        return
    known = {label.id for label in labels.labels}
    for entry in entries.values():
        for kind, items in (("revisions", entry.revisions), ("predictions", entry.predictions)):
            for name, item in items.items():
                for label in sorted(set(item.labels) - known):
                    where = f"scans/{entry.folder.name}/{kind}/{name}.json"
                    findings.append(Finding(where, f"uses label {label!r}, which the label set lacks"))


def _journal_findings(folder: Path) -> Iterator[Finding]:
    for path in sorted((folder / "journal").glob("*.jsonl")):
        try:
            text = read_journal(path)
        except DatasetProblem as problem:
            yield Finding(f"journal/{path.name}", problem.what)
            continue
        if text is not None and text.is_damaged:
            yield Finding(f"journal/{path.name}", f"is damaged after its edit {len(text.edits)}")


def _complaint(folder: Path, read: Callable[[], object]) -> list[Finding]:
    """What reading a file complains of."""
    try:
        read()
    except DatasetProblem as problem:
        return [Finding(_relative(folder, problem.where), problem.what)]
    return []


def _relative(folder: Path, where: str | Path) -> str:
    path = Path(where)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(where)


def _hash_of(path: Path, progress: Progress | None) -> str | None:
    """The sha256 of a file, or `None` where there is none."""
    digest = hashlib.sha256()
    try:
        with told(path), path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                if progress is not None:
                    progress.check()
    except DatasetProblem:
        return None
    return digest.hexdigest()
