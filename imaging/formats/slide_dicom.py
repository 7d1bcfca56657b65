# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""DICOM whole slides: the files of a series as one pyramid, its frames decoded from their place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from imaging.coarser import with_coarser
from imaging.errors import ScanProblem
from imaging.formats import dicom_facts as facts
from imaging.formats.slide_dicom_group import is_slide_head, slide_sources
from imaging.formats.slide_dicom_instance import Instance, StoredFrames, read_instance
from imaging.formats.slide_dicom_levels import ChannelSource, DicomTiles, Matrix
from imaging.formats.slide_dicom_order import Order
from imaging.formats.slide_trial import try_some
from imaging.geometry import Size
from imaging.progress import Progress
from imaging.pyramid import downsample_of, fitting_levels, pixel_size
from imaging.scan import Channel, Level, Scan, ScanInfo, ScanSource
from imaging.tiled import TiledSlide

_PICTURES = {"LABEL": "label", "OVERVIEW": "macro", "THUMBNAIL": "thumbnail"}
_SQUARE = 0.05
"""How much the sides of a pixel may differ that is worked out from the size of the slide's imaged part."""
_MOST_FILES = 2_000
_MOST_LOOKED_AT = 4
"""Levels whose seams are looked at until one tells in which order the tiles are."""
_COLOURS = (0x4466FF, 0x33DD55, 0xFF5544, 0xFFCC33, 0xCC55FF, 0x33DDDD)
_BY_WAVELENGTH = ((440, 0x8A2BFF), (490, 0x3366FF), (510, 0x00DDDD), (570, 0x33DD55), (595, 0xFFDD33), (625, 0xFF8833))


@dataclass(frozen=True, slots=True)
class DicomSlideFormat:
    """DICOM files of the class VL Whole Slide Microscopy."""

    name: str = "slide_dicom"
    title: str = "DICOM slides"
    suffixes: tuple[str, ...] = (".dcm",)

    def recognises(self, path: Path, head: bytes) -> bool:  # noqa: ARG002 - the first bytes are enough
        """By the class in the file's first group."""
        return is_slide_head(head)

    def sources(self, paths: tuple[Path, ...], progress: Progress) -> list[ScanSource]:
        """One source per slide; levels that lie beside a named file in its folder belong to it."""
        return slide_sources(paths, progress)

    def open(self, source: ScanSource, progress: Progress) -> Scan:
        """Open a slide: headers and the places of frames now, frames when tiles are read."""
        return open_slide(source, progress)


def open_slide(source: ScanSource, progress: Progress) -> TiledSlide:
    """The slide in the files of a source. Raises `ScanProblem`."""
    instances, notes = _instances(source, progress)
    flavours = [one for one in instances if one.flavour == "VOLUME"]
    if not flavours:
        flavours = instances[:1]
        kind = _PICTURES[instances[0].flavour]
        notes.append(
            f"holds only the {kind} picture of a slide" + (", which may carry names" if kind != "thumbnail" else "")
        )
    pictures: dict[str, Instance] = {}
    for one in instances:
        if one not in flavours and one.flavour in _PICTURES:
            pictures.setdefault(_PICTURES[one.flavour], one)
    matrices = _matrices(flavours, progress)
    try:
        _put_in_order(matrices, progress)
        levels, channels = _levels(matrices, notes)
        info = replace(_info(source, levels, channels, pictures, notes), sources=_files(flavours, pictures))
        tiles = DicomTiles(channels, pictures)
        try_some(tiles, info, info.sources[0])
        scan = TiledSlide(*with_coarser(info, tiles))
    except BaseException:
        for matrix in matrices:
            matrix.close()
        raise
    used = {id(one.matrix) for level in channels for one in level}
    for matrix in matrices:
        if id(matrix) not in used:
            matrix.close()
    return scan


def _files(volumes: Sequence[Instance], pictures: dict[str, Instance]) -> tuple[Path, ...]:
    """The files a slide is made of."""
    return tuple(dict.fromkeys([*(one.path for one in volumes), *(one.path for one in pictures.values())]))


def _instances(source: ScanSource, progress: Progress) -> tuple[list[Instance], list[str]]:
    """The headers of a source's files; those that cannot be read are noted, unless it is all of them."""
    found: list[Instance] = []
    notes: list[str] = []
    problem: ScanProblem | None = None
    if len(source.paths) > _MOST_FILES:
        raise ScanProblem(f"is in {len(source.paths):,} files; up to {_MOST_FILES:,} are read", source.paths[0])
    for index, path in enumerate(source.paths):
        progress.report(index, len(source.paths), "reading headers")
        try:
            found.append(read_instance(path))
        except ScanProblem as error:
            problem = error
            notes.append(f"{path.name} {error.what} and is left out")
    if not found:
        assert problem is not None
        raise problem
    return found, notes


def _matrices(instances: Sequence[Instance], progress: Progress) -> list[Matrix]:
    """The matrices of the files, largest first; those that continue each other as one."""
    parts: dict[str, list[Instance]] = defaultdict(list)
    for one in instances:
        parts[one.text("ConcatenationUID") or str(one.path)].append(one)
    opened: list[StoredFrames] = []
    found: list[Matrix] = []
    try:
        for members in parts.values():
            frames: list[StoredFrames] = []
            for one in members:
                progress.check()
                frames.append(StoredFrames(one))
                opened.append(frames[-1])
            found.append(Matrix(frames))
    except BaseException:
        for stored in opened:
            stored.close()
        raise
    return sorted(found, key=lambda matrix: -matrix.instance.matrix[0] * matrix.instance.matrix[1])


def _put_in_order(matrices: Sequence[Matrix], progress: Progress) -> None:
    """Work out in which order tiles are where no file says it; all files of a slide have the same writer."""
    unsaid = [matrix for matrix in matrices if matrix.needs_order]
    order: Order | None = None
    for matrix in unsaid[:_MOST_LOOKED_AT]:
        order = order or matrix.order_by_seams(progress)
    for matrix in unsaid:
        matrix.put_in_order(order)


def _levels(matrices: list[Matrix], notes: list[str]) -> tuple[list[Level], list[list[ChannelSource]]]:
    """The levels that fit each other, finest first, and the channels of each."""
    by_size: dict[tuple[int, int], list[Matrix]] = defaultdict(list)
    for matrix in matrices:
        notes += matrix.notes
        by_size[matrix.instance.matrix].append(matrix)
    found: list[tuple[Level, list[ChannelSource]]] = []
    wanted: list[str] = []
    for members in by_size.values():
        channels = _channels(members)
        names = [channel.optical_path.identifier for channel in channels]
        wanted = wanted or names
        layout, first = channels[0].matrix.instance.layout, matrices[0].instance.layout
        if (layout.is_colour, layout.dtype, len(names)) != (first.is_colour, first.dtype, len(wanted)):
            notes.append(f"{members[0].named} has other channels or values and is left out")
            continue
        found.append((members[0].level, channels))
    if len(found[0][1]) < len(matrices[0].optical_paths):
        notes.append("the first of its optical paths is shown")
    kept, unfit = fitting_levels([level for level, _ in found], matrices[0].instance.path)
    notes += unfit
    full = (found[0][0].width, found[0][0].height)
    levels = [
        replace(found[n][0], downsample=downsample_of(full, (found[n][0].width, found[n][0].height))) for n in kept
    ]
    return levels, [found[n][1] for n in kept]


def _channels(members: Sequence[Matrix]) -> list[ChannelSource]:
    """The channels of one level: one for colours, one for each optical path else."""
    first = members[0]
    if first.instance.layout.is_colour:
        return [ChannelSource(first, 0)]
    shape = (first.instance.layout.dtype, first.level.tile)
    alike = [one for one in members if (one.instance.layout.dtype, one.level.tile) == shape]
    found = [ChannelSource(one, path) for one in alike for path in range(len(one.optical_paths))]
    return list(
        {channel.optical_path.identifier or str(index): channel for index, channel in enumerate(found)}.values()
    )


def _info(
    source: ScanSource,
    levels: list[Level],
    channels: list[list[ChannelSource]],
    pictures: dict[str, Instance],
    notes: list[str],
) -> ScanInfo:
    """What the slide is."""
    finest = channels[0][0].matrix
    instance, layout = finest.instance, finest.instance.layout
    spacing, spacing_from, said = _spacing(instance)
    objective = next((one.optical_path.objective for one in channels[0] if one.optical_path.objective), None)
    if layout.is_colour and layout.photometric != "RGB":
        said = (*said, f"{layout.photometric} colours were turned into RGB")
    focal = finest.focal_planes
    if any(one.matrix.focal_planes < focal for level in channels for one in level):
        said = (*said, "coarser levels have fewer focal planes; the nearest is shown")
    examination = facts.examination(instance.dataset)
    return ScanInfo(
        name=source.title or examination.title or instance.path.name,
        format="dicom",
        kind="slide",
        size=Size(levels[0].width, levels[0].height, focal),
        dtype=layout.dtype.name,
        channels=3 if layout.is_colour else len(channels[0]),
        spacing_mm=(spacing[0], spacing[1], None) if spacing else (None, None, None),
        inverted=layout.photometric == "MONOCHROME1",
        modality=instance.text("Modality"),
        levels=tuple(levels),
        fluorescence=() if layout.is_colour else _fluorescence(channels[0]),
        objective=objective,
        spacing_from=spacing_from if spacing else "",
        objective_from="DICOM ObjectiveLensPower" if objective else "",
        associated=tuple(name for name in _PICTURES.values() if name in pictures),
        examination=examination,
        header=facts.technical_header(instance.dataset, instance.syntax),
        notes=tuple(dict.fromkeys((*said, *notes)))[:16],
        sources=source.paths,
    )


def _spacing(instance: Instance) -> tuple[tuple[float, float] | None, str, tuple[str, ...]]:
    """Millimetres across and down a pixel, what says so, and notes."""
    shared = next(iter(facts.items(instance.dataset, "SharedFunctionalGroupsSequence")), None)
    measures = next(iter(facts.items(shared, "PixelMeasuresSequence")), None) if shared is not None else None
    found = facts.numbers(measures, "PixelSpacing") if measures is not None else ()
    found = found or facts.numbers(instance.dataset, "PixelSpacing")
    if len(found) == 2:
        size, notes = pixel_size(found[1], found[0])
        return size, "DICOM PixelSpacing", notes
    width, height = (facts.number(instance.dataset, f"ImagedVolume{side}") for side in ("Width", "Height"))
    if not width or not height:
        return None, "", ()
    across, down = width / instance.matrix[0], height / instance.matrix[1]
    if abs(across - down) > _SQUARE * max(across, down):
        text = f"its imaged part of {width:g} × {height:g} mm does not fit its pixels, so the pixel size is unknown"
        return None, "", (text,)
    size, notes = pixel_size(across, down)
    return size, "DICOM ImagedVolumeWidth", notes


def _fluorescence(channels: Sequence[ChannelSource]) -> tuple[Channel, ...]:
    """The channels with names and colours; a single one is shown grey, and named only where the file names it."""
    if len(channels) == 1:
        only = channels[0].optical_path
        return (Channel(only.name, 0xFFFFFF),) if only.name != only.identifier else ()
    return tuple(
        Channel(channel.optical_path.name or f"channel {index + 1}", _colour(channel.optical_path.nanometres, index))
        for index, channel in enumerate(channels)
    )


def _colour(nanometres: float | None, index: int) -> int:
    """A colour to show a channel in: that of its light where it is known, else one after the other."""
    if nanometres is None:
        return _COLOURS[index % len(_COLOURS)]
    return next((colour for limit, colour in _BY_WAVELENGTH if nanometres < limit), 0xFF4433)


PLUGIN = DicomSlideFormat()
