# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""DICOM: single files, series sorted by their geometry, multi-frame and enhanced files, DICOMDIR."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from imaging.errors import ScanProblem
from imaging.formats import dicom_facts as facts
from imaging.formats.dicom_directory import listed_files
from imaging.formats.dicom_frames import frames_of, placement_of
from imaging.formats.dicom_geometry import Stack, stack
from imaging.formats.dicom_groups import STACKED, group_headers
from imaging.formats.dicom_header import Header, read_header
from imaging.formats.dicom_layout import Layout, check_length, layout_of
from imaging.formats.dicom_pixels import load_frames
from imaging.formats.dicom_series import load_series
from imaging.formats.slide_dicom_group import is_slide_head, slide_sources
from imaging.geometry import Size
from imaging.loaded import LoadedScan
from imaging.memory import require_memory
from imaging.progress import Progress
from imaging.scan import Pixels, Rescale, Scan, ScanInfo, ScanKind, ScanSource

_RADIOGRAPHS = frozenset(("CR", "DX", "MG", "IO", "PX", "RG", "RF", "XA", "DF", "XR"))
_BRIEF = 4096


@dataclass(frozen=True, slots=True)
class DicomFormat:
    """DICOM files and folders."""

    name: str = "dicom"
    title: str = "DICOM"
    suffixes: tuple[str, ...] = (".dcm", ".dicom", ".ima", ".seg")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Part 10 by its preamble, but for slides; older files by a plausible first element."""
        if head[128:132] == b"DICM":
            return not is_slide_head(head)
        return len(head) >= 16 and _starts_like_dicom(head, path)

    def sources(self, paths: tuple[Path, ...], progress: Progress) -> list[ScanSource]:
        """One source per series, direction and pass; a DICOMDIR stands for the files it lists."""
        found: dict[Path, Header | None] = {}
        for index, path in enumerate(paths):
            progress.report(index, len(paths), "reading headers")
            header = _header_if_readable(path)
            is_directory = path.name.upper() == "DICOMDIR" or (header is not None and header.is_directory)
            listed = listed_files(path) if is_directory else ()
            for file in listed:
                progress.check()
                found.setdefault(file, _header_if_readable(file))
            if not listed:
                found[path] = header
        slides = [path for path, header in found.items() if header is not None and _is_slide(header)]
        others = {path: header for path, header in found.items() if header is None or not _is_slide(header)}
        return [*group_headers(others), *slide_sources(slides, progress)]

    def open(self, source: ScanSource, progress: Progress) -> Scan:
        """Open a series or a file: headers now, pixels at the first read."""
        headers = _headers(source.paths, progress)
        return _open_file(headers[0], source) if len(headers) == 1 else _open_series(headers, source)


def _is_slide(header: Header) -> bool:
    """Whether a file holds a whole slide: one that a DICOMDIR lists, or whose first bytes do not say so."""
    return header.text("SOPClassUID") == facts.SLIDE_CLASS


def _header_if_readable(path: Path) -> Header | None:
    """The header of a file; `None` when it cannot be read."""
    try:
        return read_header(path)
    except ScanProblem:
        return None


def _starts_like_dicom(head: bytes, path: Path) -> bool:
    """Whether a file without a preamble begins with an element of group 2 or 8."""
    for end in "<>":
        group, element, short = struct.unpack_from(end + "HH2xH", head)
        long = struct.unpack_from(end + "I", head, 4)[0]
        if group not in {2, 8} or element > 0x0070:
            continue
        if head[4:6].isalpha() and head[4:6].isupper() and short < _BRIEF:
            return True
        if end == "<" and long < min(_BRIEF, path.stat().st_size):
            return True
    return False


def _headers(paths: Sequence[Path], progress: Progress) -> list[Header]:
    """The headers of a source's files."""
    headers: list[Header] = []
    for index, path in enumerate(paths):
        progress.report(index, len(paths), "reading headers")
        headers.append(read_header(path))
    return headers


@dataclass(frozen=True, slots=True)
class _Look:
    """What all ways of opening share once headers are read."""

    layout: Layout
    dataset: Any
    rescale: Rescale
    table: Callable[[Pixels], Pixels] | None
    notes: tuple[str, ...]


def _look(header: Header) -> _Look:
    """Read the whole header of one file and see that its pixels can be read."""
    if reason := facts.refused_class(header.text("SOPClassUID")):
        raise ScanProblem(reason, header.path)
    dataset = facts.read_dataset(header.path)
    if reason := facts.why_not_an_image(dataset, bool(header.pixels_length)):
        raise ScanProblem(reason, header.path)
    if not header.has_pixels:
        raise ScanProblem("holds no pixels", header.path)
    layout = layout_of(header)
    check_length(header, layout)
    rescale = facts.rescale(dataset, facts.text(dataset, "Modality"))
    notes: list[str] = []
    if not header.has_preamble:
        notes.append("has no DICOM preamble")
    if layout.signed and header.whole("PixelRepresentation") == 0:
        notes.append("its pixels are signed though its header says they are not; they were taken as signed")
    table = None
    if layout.is_colour:
        if layout.photometric != "RGB":
            notes.append(f"{layout.photometric} colours were turned into RGB")
        if layout.stored > 8 and layout.photometric != "PALETTE COLOR":
            notes.append(f"colours of {layout.stored} bits were cut to 8")
    elif facts.items(dataset, "ModalityLUTSequence"):
        table = facts.modality_table(dataset, layout.stored_dtype)
        rescale = Rescale(1.0, 0.0, facts.modality_table_unit(dataset))
        notes.append("values went through the file's modality look-up table")
    return _Look(layout, dataset, rescale, table, tuple(notes))


def _open_file(header: Header, source: ScanSource) -> Scan:
    """One file, of one frame or many."""
    look = _look(header)
    layout = look.layout
    modality = facts.text(look.dataset, "Modality")
    frames = frames_of(look.dataset, layout.frames, look.rescale.unit)
    if layout.frames == 1 and not frames.placements[0].is_known:
        across, down = frames.placements[0].across, frames.placements[0].down
        frames = replace(frames, placements=(placement_of(header, across, down),))
    placed = stack(frames.placements, frames.thickness)
    repeated = layout.frames > 1 and placed.affine is not None and placed.same_place
    if repeated:
        text = f"{layout.frames} frames, several at each position, are shown in the order of the file"
        order = tuple(range(layout.frames))
        placed = replace(placed, order=order, affine=None, notes=(text,))
    if frames.segments > 1:
        placed = replace(placed, notes=(*placed.notes, f"holds {frames.segments} segments, one after the other"))
    kind = _kind_of_file(layout, modality, placed)
    scales = frames.rescales or (look.rescale,)
    varied = len(set(scales)) > 1
    look = replace(look, rescale=Rescale(unit=scales[0].unit) if varied else scales[0])
    info = _info(look, source, kind, placed, layout.frames, frames.notes)
    if frames.windows:
        info = replace(info, windows=frames.windows)
    if varied:
        info = _as_float(info)

    def load(progress: Progress) -> Pixels:
        out = np.empty((layout.frames, *layout.frame_shape), layout.dtype)
        load_frames(header, layout, look.dataset, out, progress)
        scaled = _scaled(out, scales) if varied else out
        ordered = scaled if placed.order == tuple(range(layout.frames)) else scaled[list(placed.order)]
        return look.table(ordered) if look.table else ordered

    return LoadedScan(_fitting(info), load)


def _kind_of_file(layout: Layout, modality: str, placed: Stack) -> ScanKind:
    """What a single file is."""
    if layout.frames > 1:
        return "volume" if placed.affine is not None else "sequence"
    if modality in _RADIOGRAPHS:
        return "radiograph"
    if placed.affine is not None or modality in STACKED or modality in {"SEG", "RTDOSE"}:
        return "picture" if layout.is_colour else "volume"
    return "picture"


def _open_series(headers: list[Header], source: ScanSource) -> Scan:
    """A series, one file per plane."""
    look = _look(headers[len(headers) // 2])
    layout = look.layout
    shape = headers[0].shape
    for header in headers:
        if header.shape != shape:
            raise ScanProblem("does not match the other files of its series", header.path)
        check_length(header, layout)
    across, down, note = facts.plane_spacing_of(look.dataset)
    thickness = facts.number(look.dataset, "SliceThickness")
    placed = stack([placement_of(header, across, down) for header in headers], thickness)
    ordered = [headers[index] for index in placed.order]
    modality = facts.text(look.dataset, "Modality")
    kind: ScanKind = "volume" if placed.affine is not None or modality in STACKED else "sequence"
    scales = _scales_of(ordered, look.rescale)
    varied = len(set(scales)) > 1 and look.table is None
    if varied:
        look = replace(look, rescale=Rescale(unit=look.rescale.unit))
    info = _info(look, source, kind, placed, len(ordered), (note,) if note else ())
    info = replace(info, sources=tuple(header.path for header in ordered))
    if varied:
        info = _as_float(info)

    def load(progress: Progress) -> Pixels:
        out = np.empty((len(ordered), *layout.frame_shape), layout.dtype)
        load_series(ordered, layout, look.dataset, out, progress)
        scaled = _scaled(out, scales) if varied else out
        return look.table(scaled) if look.table else scaled

    return LoadedScan(_fitting(info), load)


def _scales_of(headers: list[Header], usual: Rescale) -> tuple[Rescale, ...]:
    """The rescale of each file of a series; mostly all say the same."""
    stored = {(header.values.get("RescaleSlope"), header.values.get("RescaleIntercept")) for header in headers}
    if len(stored) == 1:
        return (_scale_of(headers[0], usual),) * len(headers)
    return tuple(_scale_of(header, usual) for header in headers)


def _scale_of(header: Header, usual: Rescale) -> Rescale:
    """The rescale of one file of a series."""
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    if slope is None and intercept is None:
        return usual
    return Rescale(slope or 1.0, intercept or 0.0, usual.unit)


def _scaled(stored: Pixels, scales: Sequence[Rescale]) -> Pixels:
    """Modality values, each plane by its own rescale."""
    out = np.empty(stored.shape, np.float32)
    for plane, scale, into in zip(stored, scales, out, strict=True):
        np.multiply(plane, np.float32(scale.slope), out=into, casting="unsafe")
        np.add(into, np.float32(scale.intercept), out=into)
    return out


def _as_float(info: ScanInfo) -> ScanInfo:
    """The info of a scan whose planes are scaled each in its own way."""
    text = "planes have rescales of their own; values were made modality values"
    return replace(info, dtype="float32", notes=(*info.notes, text))


def _fitting(info: ScanInfo) -> ScanInfo:
    """The info, once its pixels are known to fit in memory."""
    require_memory(info.bytes_in_memory, info.sources[0])
    return info


def _info(
    look: _Look, source: ScanSource, kind: ScanKind, placed: Stack, planes: int, notes: tuple[str, ...]
) -> ScanInfo:
    """What the scan is."""
    layout, dataset = look.layout, look.dataset
    lossy = ("was compressed with loss before",) if facts.text(dataset, "LossyImageCompression") == "01" else ()
    overlay = ("has an overlay, which is not shown",) if facts.has_overlay(dataset) else ()
    examination = facts.examination(dataset)
    dtype = np.dtype(np.uint16) if look.table else layout.dtype
    return ScanInfo(
        name=source.title or examination.title or source.paths[0].name,
        format="dicom",
        kind=kind,
        size=Size(layout.columns, layout.rows, planes),
        dtype=dtype.name,
        channels=3 if layout.is_colour else 1,
        spacing_mm=placed.spacing_mm,
        affine=placed.affine,
        rescale=Rescale() if layout.is_colour else look.rescale,
        inverted=layout.photometric == "MONOCHROME1",
        windows=() if layout.is_colour else facts.windows(dataset),
        modality=facts.text(dataset, "Modality"),
        examination=examination,
        header=facts.technical_header(dataset, facts.syntax_of(dataset)),
        notes=(*look.notes, *placed.notes, *notes, *lossy, *overlay),
        sources=source.paths,
    )


PLUGIN = DicomFormat()
