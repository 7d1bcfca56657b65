"""Volume files: MetaImage, NIfTI, NRRD, GIPL."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import ScanProblem
from imaging.formats.volume_file import Opened, gunzip_head
from imaging.formats.volume_itk import open_by_itk
from imaging.formats.volume_meta import open_meta
from imaging.formats.volume_nifti import open_nifti
from imaging.loaded import LoadedScan
from imaging.progress import Progress
from imaging.scan import Scan, ScanSource

_GIPL_MAGICS = frozenset((0xEFFFE9B0, 0x2AE389B8))


@dataclass(frozen=True, slots=True)
class VolumeFormat:
    """One volume in one file, or in a header and its data file."""

    name: str = "volume"
    title: str = "Volumes (MHA, NIfTI, NRRD, GIPL)"
    suffixes: tuple[str, ...] = (".mha", ".mhd", ".nii", ".nii.gz", ".hdr", ".nrrd", ".nhdr", ".gipl", ".gipl.gz")

    def recognises(self, path: Path, head: bytes) -> bool:
        """By the magic numbers, or by the first keys of a MetaImage header."""
        return bool(_flavour(path, head))

    def sources(self, paths: tuple[Path, ...], progress: Progress) -> list[ScanSource]:
        """One source per file."""
        progress.check()
        return [ScanSource("volume", (path,), path.name) for path in paths]

    def open(self, source: ScanSource, progress: Progress) -> Scan:
        """Open one volume: its header now, its voxels at the first read."""
        progress.check()
        path = source.paths[0]
        with path.open("rb") as stream:
            flavour = _flavour(path, stream.read(4096))
        opened = _open(flavour, path)
        return LoadedScan(opened.info, opened.load)


def _open(flavour: str, path: Path) -> Opened:
    """Open by the flavour's own reader, or by SimpleITK."""
    if flavour == "nifti":
        return open_nifti(path)
    if flavour == "metaimage":
        return open_meta(path)
    if flavour in {"nrrd", "gipl", "analyze"}:
        return open_by_itk(path, flavour)
    raise ScanProblem("is no volume file", path)


def _flavour(path: Path, head: bytes) -> str:
    """Which kind of volume file it is; empty when none."""
    if head[:2] == b"\x1f\x8b":
        head = gunzip_head(head, 544)
    if head[:4] == b"NRRD":
        return "nrrd"
    if len(head) >= 348 and (head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0"):
        return "nifti"
    if len(head) >= 348 and head[344:348] == b"ni1\0" and path.suffix.lower() == ".hdr":
        return "analyze"
    if len(head) >= 256 and struct.unpack_from(">I", head, 252)[0] in _GIPL_MAGICS:
        return "gipl"
    keys = {line.split(b"=")[0].strip() for line in head.split(b"\n")[:12] if b"=" in line}
    return "metaimage" if b"NDims" in keys and b"DimSize" in keys | _later_keys(head) else ""


def _later_keys(head: bytes) -> set[bytes]:
    """The keys of the lines after the first dozen, for headers with many."""
    return {line.split(b"=")[0].strip() for line in head.split(b"\n")[12:60] if b"=" in line}


PLUGIN = VolumeFormat()
