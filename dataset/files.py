"""The JSON files of a scan: `scan.json`, predictions and revisions; what is written, and how it is read back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast, get_args

from dataset.audit import sha256
from dataset.described import info_from_json, info_to_json, title_of
from dataset.document import Snapshot
from dataset.durable import told
from dataset.errors import DatasetProblem
from dataset.facts import Facts, Malformed, Newer, parse_json, read_bytes, to_json
from dataset.heatfile import heat_files, read_heat_maps, write_heat_maps
from dataset.label import LabelSet
from dataset.marks import (
    WrittenMarks,
    annotation_feature,
    mask_files,
    proposal_feature,
    read_annotations,
    read_proposals,
    write_marks,
)
from dataset.prediction import ModelRef, Prediction
from dataset.record import SAMPLED, Basis, PredictionSummary, Revision, ScanRecord, SourceFile, Split
from imaging.scan import ScanInfo

FORMAT = 1
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
LARGEST_MASK_FILE = 2**33
Json = dict[str, object]


def scan_to_json(record: ScanRecord, info: ScanInfo, pixels: Mapping[str, object] | None) -> Json:
    """The file of a scan; `info` is as read, names are left out here."""
    return {
        "format": FORMAT,
        "key": record.key,
        "title": record.title,
        "added": record.added.isoformat(),
        "group": record.group,
        "group_from": record.group_from,
        "split": record.split,
        "sources": [_source_to_json(source) for source in record.sources],
        "pixels": pixels,
        "scan": info_to_json(info),
    }


def scan_from_json(facts: Facts) -> ScanRecord:
    """The record of a scan's file, as yet unseen."""
    check_format(facts)
    split = facts.text("split")
    if split not in get_args(Split):
        raise Malformed(f"split {split!r} is none")
    info = info_from_json(facts.inner("scan"), facts.text("title"))
    return ScanRecord(
        facts.text("key"),
        title_of(info, facts.text("key")),
        info,
        facts.each("sources", _source),
        facts.text("group"),
        facts.text("group_from"),
        cast("Split", split),
        facts.time("added"),
        facts.inner("pixels").text("file") if "pixels" in facts else "",
    )


def _source_to_json(source: SourceFile) -> Json:
    """A source; whether all of it was hashed, or samples of a huge file, is in the digest's name."""
    kind = "sampled_sha256" if source.sha256.startswith(SAMPLED) else "sha256"
    return {"suffix": source.suffix, kind: source.sha256.removeprefix(SAMPLED), "bytes": source.bytes}


def _source(facts: Facts) -> SourceFile:
    digest = SAMPLED + facts.text("sampled_sha256") if "sampled_sha256" in facts else facts.text("sha256")
    return SourceFile(facts.text("suffix"), digest, facts.whole("bytes"))


def revision_files(revision: Revision, snapshot: Snapshot, info: ScanInfo, labels: LabelSet) -> dict[str, bytes]:
    """A revision's files by name."""
    header = {**header_of(revision), "rejected": sorted(snapshot.rejected)}
    return _files(header, write_marks(snapshot.annotations, info, labels))


def header_of(revision: Revision) -> Json:
    """What a revision's file says of the revision itself; `revision_header` reads it."""
    # Older files say neither; what has nothing to say is written as it always was.
    settles: Json = {"settles": list(revision.settles)} if revision.settles else {}
    why: Json = {"why": revision.why} if revision.why else {}
    return {
        **_identity("revision", revision.id, revision.scan),
        "author": revision.author,
        "created": revision.created.isoformat(),
        "basis": revision.basis,
        "base": revision.base,
        "prediction": revision.prediction,
        "finished": revision.is_finished,
        "reviewed": revision.is_reviewed,
        "count": revision.count,
        "labels": list(revision.labels),
        "covers": [list(mark) for mark in revision.covers],
        **settles,
        **why,
    }


def revision_header(facts: Facts) -> Revision:
    """A revision, from its file."""
    said = _header(facts, "revision")
    basis = said.text("basis")
    if basis not in get_args(Basis):
        raise Malformed(f"basis {basis!r} is none")
    return Revision(
        said.text("id"),
        said.text("scan"),
        said.text("author"),
        said.time("created"),
        cast("Basis", basis),
        said.text("base"),
        said.text("prediction"),
        said.truth("finished"),
        said.truth("reviewed"),
        said.whole("count"),
        said.texts("labels"),
        tuple((name, int(number)) for name, number in said.scores("covers")),
        said.texts("settles"),
        said.text("why") if "why" in said else "",
    )


def read_snapshot(path: Path) -> Snapshot:
    """The marks of a revision's file."""

    def make(facts: Facts) -> Snapshot:
        annotations = read_annotations(facts, _files_beside(facts, path, mask_files(facts)))
        return Snapshot(annotations, frozenset(_header(facts, "revision").texts("rejected")))

    return parse_json(read_bytes(path), path, make, {"features": annotation_feature})


def prediction_files(prediction: Prediction, info: ScanInfo, labels: LabelSet) -> dict[str, bytes]:
    """A prediction's files by name."""
    model = prediction.model
    top = max(((p.label, p.score) for p in prediction.proposals), key=lambda pair: pair[1], default=None)
    top = top or max(prediction.scores, key=lambda pair: pair[1], default=None)
    header: Json = {
        **_identity("prediction", prediction.id, prediction.scan),
        "created": prediction.created.isoformat(),
        "model": {"name": model.name, "version": model.version, "sha256": model.sha256},
        "device": prediction.device,
        "seconds": prediction.seconds,
        "scores": [list(pair) for pair in prediction.scores],
        "settings": [list(pair) for pair in prediction.settings],
        "notes": list(prediction.notes),
        "count": len(prediction.proposals),
        "top": [list(top)] if top else [],
        "labels": sorted(labels_of(prediction)),
    }
    marks = write_marks(prediction.proposals, info, labels)
    if prediction.heat_maps:
        header["heat_maps"], heat = write_heat_maps(prediction.heat_maps)
        marks = WrittenMarks(marks.members, {**marks.files, **heat})
    if prediction.done != 1.0:
        header["done"] = prediction.done
    return _files(header, marks)


def labels_of(prediction: Prediction) -> set[str]:
    """Ids of the labels a prediction uses."""
    used = {proposal.label for proposal in prediction.proposals} | {label for label, _ in prediction.scores}
    return used.union(*(heat.labels for heat in prediction.heat_maps))


def prediction_header(facts: Facts) -> PredictionSummary:
    """A prediction without its marks, from its file."""
    said = _header(facts, "prediction")
    model = _model(said)
    top = said.scores("top")
    return PredictionSummary(
        said.text("id"),
        str(model),
        said.time("created"),
        said.whole("count"),
        top[0] if top else None,
        said.texts("labels"),
    )


def read_prediction(path: Path) -> Prediction:
    """The whole of a prediction's file."""

    def make(facts: Facts) -> Prediction:
        said = _header(facts, "prediction")
        files = _files_beside(facts, path, (*mask_files(facts), *heat_files(said)))
        return Prediction(
            said.text("id"),
            said.text("scan"),
            _model(said),
            said.text("device"),
            said.time("created"),
            said.number("seconds"),
            read_proposals(facts, files),
            said.scores("scores"),
            said.pairs("settings"),
            said.texts("notes"),
            read_heat_maps(said, files),
            said.number("done", 1.0),
        )

    return parse_json(read_bytes(path), path, make, {"features": proposal_feature})


def check_format(facts: Facts) -> None:
    """Refuse a file of a newer format."""
    if facts.whole("format") > FORMAT:
        raise Newer(f"was written by a newer version of Overread (format {facts.whole('format')}, known is {FORMAT})")


def _model(said: Facts) -> ModelRef:
    model = said.inner("model")
    return ModelRef(model.text("name"), model.text("version"), model.text("sha256"))


def _header(facts: Facts, kind: str) -> Facts:
    said = facts.inner("overread")
    check_format(said)
    if said.text("kind") != kind:
        raise Malformed(f"it is no {kind}")
    return said


def _identity(kind: str, identity: str, scan: str) -> Json:
    return {"format": FORMAT, "kind": kind, "id": identity, "scan": scan}


def _files(header: Json, marks: WrittenMarks) -> dict[str, bytes]:
    identity = header["id"]
    files = {f"{identity}.{ending}": data for ending, data in marks.files.items()}
    said: Json = {**header, "masks": {ending: sha256(data) for ending, data in marks.files.items()}}
    body = {"type": "FeatureCollection", "overread": said, **marks.members}
    try:
        return files | {f"{identity}.json": to_json(body)}
    except ValueError as error:
        raise DatasetProblem("has a mark whose place is no number", header["scan"], "Delete it") from error


def _files_beside(facts: Facts, path: Path, endings: Iterable[str]) -> dict[str, bytes]:
    """The files of masks and heat maps beside a JSON file, checked against the hashes in it."""
    hashes = facts.inner("overread").inner("masks")
    found: dict[str, bytes] = {}
    for ending in endings:
        if not _PLAIN.fullmatch(ending):
            raise Malformed(f"file {ending!r} has no plain name")
        beside = path.with_name(f"{path.stem}.{ending}")
        with told(beside):
            if beside.stat().st_size > LARGEST_MASK_FILE:
                raise Malformed(f"{beside.name} is too large")
            found[ending] = beside.read_bytes()
        if sha256(found[ending]) != hashes.text(ending):
            raise Malformed(f"its mask {beside.name} was changed")
    return found
