# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""One file of a DICOM slide: what its header says, and its frames decoded one by one."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem, one_line
from imaging.formats import dicom_facts as facts
from imaging.formats.dicom_codecs import KNOWN, Damaged, declared_size, decode_screen
from imaging.formats.dicom_layout import Layout
from imaging.formats.dicom_pixels import place_compressed, read_frame
from imaging.formats.dicom_walk import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, UNDEFINED
from imaging.formats.slide_dicom_file import FrameTable, SlideFile, compressed_frames, plain_frames
from imaging.formats.slide_dicom_places import PER_FRAME, Places, read_tail
from imaging.pyramid import check_size, check_tile
from imaging.quiet import quiet
from imaging.scan import Pixels

BASELINE_JPEG = "1.2.840.10008.1.2.4.50"
_FLAVOURS = frozenset(("LABEL", "OVERVIEW", "THUMBNAIL"))
_HEAD = 1 << 12
_MOST_PATHS = 64
_MOST_FOCAL_PLANES = 4096


@dataclass(frozen=True, slots=True)
class OpticalPath:
    """One way of lighting the slide."""

    identifier: str
    name: str
    nanometres: float | None
    objective: float | None
    profile: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """The header of one file of a slide."""

    path: Path
    dataset: Any
    syntax: str
    flavour: str
    """`VOLUME`, `LABEL`, `OVERVIEW` or `THUMBNAIL`."""
    matrix: tuple[int, int]
    layout: Layout
    optical_paths: tuple[OpticalPath, ...]
    focal_planes: int
    is_full: bool
    """Whether its frames are all tiles one after the other; else each says where it lies."""
    says_order: bool
    """Whether the header says which of both, and so in which order."""
    first_frame: int
    """How many frames of the matrix lie in earlier files of a concatenation."""
    header_ends: int

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows of tiles of the whole matrix."""
        return -(-self.matrix[0] // self.layout.columns), -(-self.matrix[1] // self.layout.rows)

    @property
    def is_empty_of_pixels(self) -> bool:
        """Whether it promises no frame at all."""
        return self.layout.frames < 1

    def text(self, name: str) -> str:
        """A value of the header as text; empty when absent."""
        return facts.text(self.dataset, name)


def read_instance(path: Path) -> Instance:
    """The header of one file, up to the groups of its frames. Raises `ScanProblem`."""
    dataset, ends = _read_header(path)
    syntax = facts.syntax_of(dataset) or IMPLICIT
    if syntax == BIG_ENDIAN:
        raise ScanProblem("is a slide in big endian, which is not readable", path, "Save it in little endian")
    layout = _layout(dataset, path)
    width, height = (facts.number(dataset, f"TotalPixelMatrix{side}") for side in ("Columns", "Rows"))
    if not width or not height:
        if layout.frames > 1:
            raise ScanProblem("does not say how large the matrix of its tiles is", path, "Get the file again")
        width, height = layout.columns, layout.rows
    check_size(int(width), int(height), path)
    check_tile(layout.columns, layout.rows, path)
    kinds = facts.text(dataset, "ImageType").split("\\")
    optical = _optical_paths(dataset)
    focal = min(max(1, int(facts.number(dataset, "TotalPixelMatrixFocalPlanes") or 1)), _MOST_FOCAL_PLANES)
    organised = facts.text(dataset, "DimensionOrganizationType")
    return Instance(
        path=path,
        dataset=dataset,
        syntax=syntax,
        flavour=kinds[2] if len(kinds) > 2 and kinds[2] in _FLAVOURS else "VOLUME",
        matrix=(int(width), int(height)),
        layout=layout,
        optical_paths=optical,
        focal_planes=focal,
        is_full=organised != "TILED_SPARSE",
        says_order=organised in {"TILED_FULL", "TILED_SPARSE"},
        first_frame=max(0, int(facts.number(dataset, "ConcatenationFrameOffsetNumber") or 0)),
        header_ends=ends,
    )


def _read_header(path: Path) -> tuple[Any, int]:
    """Everything before the groups of single frames, by pydicom, and where it ends."""
    from pydicom.filereader import read_partial

    try:
        with path.open("rb") as stream, quiet():
            if DEFLATED.encode() in stream.read(_HEAD):
                raise ScanProblem("is deflated as a whole; slides are read from their place", path, "Save it plainly")
            stream.seek(0)
            dataset = read_partial(stream, stop_when=lambda tag, _vr, _length: int(tag) >= PER_FRAME, force=True)
            return dataset, stream.tell()
    except (ScanProblem, OSError):
        raise
    except Exception as error:
        raise ScanProblem(f"cannot be read as DICOM ({one_line(error)})", path, "Get the file again") from error


def _layout(dataset: Any, path: Path) -> Layout:
    """How the samples of its frames are stored. Raises `ScanProblem` for what is not readable."""

    def whole(name: str, otherwise: int) -> int:
        found = facts.number(dataset, name)
        return otherwise if found is None else int(found)

    rows, columns = whole("Rows", 0), whole("Columns", 0)
    if rows < 1 or columns < 1:
        raise ScanProblem("holds no pixels", path)
    allocated, samples = whole("BitsAllocated", 0), whole("SamplesPerPixel", 1)
    if allocated not in {8, 16} or samples not in {1, 3}:
        what = f"stores {samples} samples of {allocated} bits per pixel, which is not readable"
        raise ScanProblem(what, path)
    stored = min(whole("BitsStored", allocated) or allocated, allocated)
    return Layout(
        rows=rows,
        columns=columns,
        samples=samples,
        frames=max(1, whole("NumberOfFrames", 1)),
        allocated=allocated,
        stored=stored,
        high=whole("HighBit", stored - 1),
        signed=whole("PixelRepresentation", 0) == 1,
        photometric=facts.text(dataset, "PhotometricInterpretation"),
        planar=whole("PlanarConfiguration", 0) == 1,
        floating=False,
    )


def _optical_paths(dataset: Any) -> tuple[OpticalPath, ...]:
    """The optical paths in the order of the file; one without a name where it says nothing."""
    found: list[OpticalPath] = []
    for item in facts.items(dataset, "OpticalPathSequence")[:_MOST_PATHS]:
        profile = facts.quiet(item, "ICCProfile")
        nanometres = facts.number(item, "IlluminationWaveLength")
        identifier = facts.text(item, "OpticalPathIdentifier")
        name = facts.text(item, "OpticalPathDescription") or (f"{nanometres:g} nm" if nanometres else "")
        found.append(
            OpticalPath(
                identifier,
                name[:64] or identifier,
                nanometres,
                facts.number(item, "ObjectiveLensPower"),
                bytes(profile) if profile else None,
            )
        )
    return tuple(found) or (OpticalPath("", "", None, None, None),)


class StoredFrames:
    """The frames of one file, read and decoded from their place. Safe from any thread."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._file = SlideFile(instance.path)
        try:
            self.places, self._table = self._find()
        except BaseException:
            self._file.close()
            raise
        layout = instance.layout
        plain_jpeg = instance.syntax == BASELINE_JPEG and layout.samples == 3 and layout.allocated == 8
        self.is_screen_ready = plain_jpeg
        """Whether the decoder gives frames as they are shown."""

    def _find(self) -> tuple[Places | None, FrameTable]:
        """Where the frames lie, on the slide and in the file."""
        instance, file = self.instance, self._file
        layout = instance.layout
        wants_places = not instance.is_full or not instance.says_order
        tail = read_tail(file, instance.header_ends, instance.syntax != IMPLICIT, wants_places)
        places = tail.places if wants_places else None
        said = len(places) if places else 0
        if instance.is_full and places is not None and (said < layout.frames or places.are_all_one):
            places = None
        if not instance.is_full and said < layout.frames:
            what = f"promises {layout.frames:,} frames and says of {said:,} where they lie"
            raise ScanProblem(what, file.path, "Get the file again")
        if tail.pixels_length == UNDEFINED:
            if instance.syntax not in KNOWN:
                raise ScanProblem(f"is compressed in a way that is not readable ({_named(instance)})", file.path)
            table = compressed_frames(file, tail.pixels_at, layout.frames, tail.offsets, tail.lengths)
            return places, table
        if instance.syntax not in {IMPLICIT, EXPLICIT} or layout.photometric == "YBR_FULL_422":
            raise ScanProblem(f"stores its pixels in a way that is not readable ({_named(instance)})", file.path)
        return places, plain_frames(tail.pixels_at, layout.frame_bytes)

    def weight(self, frame: int) -> int:
        """How many bytes a frame has in the file."""
        return self._table.weight(frame)

    @property
    def missing(self) -> int:
        """How many frames lie beyond the end of the file."""
        return self._table.missing(self.instance.layout.frames, self._file.size)

    def pixels(self, frame: int, rim: tuple[int, int]) -> Pixels:
        """A frame, (rows, columns[, 3]). Raises `Undecodable`.

        `rim` is the (rows, columns) of it that lie on the slide: some writers cut the pictures at the rim to that.
        """
        dataset, data = self.instance.dataset, self._data(frame)
        layout = self._layout_of(data, rim)
        out = np.empty(layout.frame_shape, layout.dtype)
        if self._table.starts is None:
            read_frame(io.BytesIO(data).readinto, layout, dataset, out)
        else:
            place_compressed(data, self.instance.syntax, layout, dataset, out)
        return out

    def screen(self, frame: int, rim: tuple[int, int]) -> NDArray[np.uint32]:
        """A frame as 0xFFRRGGBB, where `is_screen_ready`. Raises `Undecodable`."""
        data = self._data(frame)
        layout = self._layout_of(data, rim)
        return decode_screen(data, (layout.rows, layout.columns), layout.photometric)

    def _layout_of(self, data: bytes, rim: tuple[int, int]) -> Layout:
        """How the samples of a frame are stored: as the header says, unless it was cut at the slide's rim."""
        layout = self.instance.layout
        if rim == (layout.rows, layout.columns) or self._table.starts is None or declared_size(data) != rim:
            return layout
        return replace(layout, rows=rim[0], columns=rim[1])

    def _data(self, frame: int) -> bytes:
        if not 0 <= frame < self.instance.layout.frames:
            raise Damaged("there is no such frame")
        return self._table.data(self._file, frame)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _named(instance: Instance) -> str:
    """The transfer syntax and the colours, for a message."""
    from pydicom.uid import UID

    return f"{UID(instance.syntax).name}, {instance.layout.photometric or 'no colours'}"
