"""The bytes of a DICOM slide's file: read by place from any thread, and where its frames lie in it."""

from __future__ import annotations

import os
import struct
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.formats.dicom_codecs import Damaged
from imaging.formats.dicom_walk import UNDEFINED

_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_ITEM, _SEQUENCE_END = 0xE000FFFE, 0xE0DDFFFE
_LARGEST_FRAME = 1 << 28
_MOST_FRAGMENTS = 1 << 12
"""Fragments of a frame; mostly it is one."""
_STARTS = (b"\xff\xd8", b"\xff\x4f")
"""How JPEG, JPEG-LS and JPEG 2000 streams begin."""


class SlideFile:
    """An open file, read by place. Safe from any thread. A file cut while it is open gives fewer bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._descriptor = os.open(path, _READ)
        except OSError as error:
            raise ScanProblem(f"cannot be read ({error.strerror or error})", path) from error
        self.size = os.fstat(self._descriptor).st_size

    def read(self, at: int, length: int) -> bytes:
        """`length` bytes from a place on; fewer at the end of the file."""
        if sys.platform != "win32":
            return os.pread(self._descriptor, length, at)
        with self._lock:
            os.lseek(self._descriptor, at, os.SEEK_SET)
            return os.read(self._descriptor, length)

    def whole(self, at: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises `Damaged` when the file has not as many."""
        data = self.read(at, length)
        while len(data) < length:
            more = self.read(at + len(data), length - len(data))
            if not more:
                raise Damaged("the file is cut short")
            data += more
        return data

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """Where each frame of a file lies: plain ones one after the other, compressed ones as runs of fragments."""

    first: int
    frame_bytes: int
    """Bytes of a plain frame; 0 for compressed ones."""
    starts: NDArray[np.uint64] | None = None
    ends: NDArray[np.uint64] | None = None

    def data(self, file: SlideFile, frame: int) -> bytes:
        """The bytes of a frame, out of their fragments. Raises `Damaged`."""
        if self.starts is None or self.ends is None:
            return file.whole(self.first + frame * self.frame_bytes, self.frame_bytes)
        start, end = int(self.starts[frame]), int(self.ends[frame])
        if not 8 < end - start <= _LARGEST_FRAME:
            raise Damaged("the file is cut short" if end <= start else "its frame has an absurd length")
        return _unwrapped(file.whole(start, end - start))

    def weight(self, frame: int) -> int:
        """How many bytes a frame has in the file."""
        if self.starts is None or self.ends is None:
            return self.frame_bytes
        return max(0, int(self.ends[frame]) - int(self.starts[frame]))

    def missing(self, frames: int, file_bytes: int) -> int:
        """How many of the frames lie, wholly or in part, beyond the end of the file."""
        if self.ends is None or self.starts is None:
            held = max(0, file_bytes - self.first) // max(1, self.frame_bytes)
            return max(0, frames - held)
        return int(np.count_nonzero((self.ends > file_bytes) | (self.ends <= self.starts)))


def _unwrapped(data: bytes) -> bytes:
    """What a run of fragments holds."""
    at, parts = 0, list[bytes]()
    while at + 8 <= len(data):
        tag, length = struct.unpack_from("<II", data, at)
        if tag != _ITEM:
            break
        if at + 8 + length > len(data):
            raise Damaged("its frame is cut short")
        parts.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    if not parts:
        raise Damaged("there is no frame where its table says one is")
    return parts[0] if len(parts) == 1 else b"".join(parts)


def plain_frames(at: int, frame_bytes: int) -> FrameTable:
    """Frames without compression."""
    return FrameTable(at, frame_bytes)


def compressed_frames(file: SlideFile, at: int, frames: int, offsets: bytes, lengths: bytes) -> FrameTable:
    """The table of compressed frames; `at` is where the fragments begin, `offsets` and `lengths` the extended table.

    By the extended table, the basic one, or else by walking the fragments. Raises `ScanProblem`.
    """
    if frames * 8 > file.size:
        raise ScanProblem(f"promises {frames:,} frames, more than its file can hold", file.path, "Get the file again")
    head = file.read(at, 8)
    tag, length = struct.unpack("<II", head) if len(head) == 8 else (0, 0)
    if tag != _ITEM or length == UNDEFINED or at + 8 + length > file.size:
        raise ScanProblem("has no fragments where its pixels begin", file.path, "Get the file again")
    first = at + 8 + length
    if len(offsets) >= frames * 8 <= len(lengths) and frames:
        starts = np.frombuffer(offsets, "<u8", frames) + np.uint64(first)
        sizes = np.frombuffer(lengths, "<u8", frames)
        if int(sizes.max()) <= _LARGEST_FRAME and int(starts.max()) < 1 << 62:
            return FrameTable(at, 0, starts, starts + sizes + np.uint64(8))
    if length == 4 * frames:
        table = np.frombuffer(file.read(at + 8, length), "<u4").astype(np.uint64)
        if len(table) == frames and table[0] == 0 and bool((np.diff(table.astype(np.int64)) > 0).all()):
            starts = table + np.uint64(first)
            end = _end_of_fragments(file, int(starts[-1]))
            return FrameTable(at, 0, starts, np.append(starts[1:], np.uint64(end)))
    return _by_walking(file, at, first, frames)


def _fragments(file: SlideFile, at: int, frames: int) -> list[tuple[int, int, bool]]:
    """Start and end of each fragment from a place on, and whether a picture begins in it. Raises `ScanProblem`."""
    found: list[tuple[int, int, bool]] = []
    while at + 8 <= file.size:
        head = file.read(at, 10)
        tag, length = struct.unpack_from("<II", head)
        if tag != _ITEM or length == UNDEFINED:
            break
        if len(found) >= _MOST_FRAGMENTS * frames:
            raise ScanProblem(f"has more than {len(found):,} fragments for {frames:,} frames", file.path)
        found.append((at, at + 8 + length, head[8:] in _STARTS))
        at += 8 + length
    return found


def _end_of_fragments(file: SlideFile, at: int) -> int:
    """Where the last frame ends, which no table says."""
    found = _fragments(file, at, 1)
    return found[-1][1] if found else at


def _by_walking(file: SlideFile, at: int, first: int, frames: int) -> FrameTable:
    """The table of a file that has none: a frame for each fragment, or for each fragment a picture begins in."""
    found = _fragments(file, first, frames)
    begins = [index for index, fragment in enumerate(found) if fragment[2]]
    cut = not found or found[-1][1] >= file.size
    if len(found) == frames or (cut and len(begins) == len(found) < frames):
        begins = list(range(len(found)))
    elif len(begins) != frames and not (cut and len(begins) < frames):
        what = f"promises {frames:,} frames, holds {len(found):,} fragments and does not say which belong together"
        raise ScanProblem(what, file.path, "Get the file again")
    starts, ends = np.zeros(frames, np.uint64), np.zeros(frames, np.uint64)
    for frame, index in enumerate(begins):
        last = begins[frame + 1] - 1 if frame + 1 < len(begins) else len(found) - 1
        starts[frame], ends[frame] = found[index][0], found[last][1]
    return FrameTable(at, 0, starts, ends)
