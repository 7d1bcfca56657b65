# pyright: reportUnknownMemberType=false
"""Load a series, one file per plane, into one array allocated once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem
from imaging.formats import dicom_codecs
from imaging.formats.dicom_codecs import Damaged, Undecodable
from imaging.formats.dicom_header import Header
from imaging.formats.dicom_layout import Layout
from imaging.formats.dicom_pixels import (
    THREADS,
    compressed_frames,
    is_plain,
    load_frames,
    mend_unused_bits,
    place_compressed,
    read_frame,
)
from imaging.progress import Progress

_BATCH = 16
"""Plain planes a thread reads at a time; compressed ones go one by one, so that no thread is left waiting."""


def load_series(
    headers: Sequence[Header],
    layout: Layout,
    dataset: Any,
    out: NDArray[Any],
    progress: Progress,
    fast: bool = True,
) -> None:
    """Fill `out` (planes, rows, columns[, 3]) with the files' pixels, plane by plane, in threads.

    Memory bound: the array itself and, for compressed or colour files, one frame per thread.
    Raises `ScanProblem`. `fast=False` leaves the fast way out, for tests that compare the two.
    """

    step = 1 if any(header.is_encapsulated for header in headers) else _BATCH

    def batch(start: int) -> int:
        for index in range(start, min(start + step, len(headers))):
            progress.check()
            _load_one(headers[index], layout, dataset, out[index], fast)
        return start

    with ThreadPoolExecutor(THREADS) as threads:
        for done in threads.map(batch, range(0, len(headers), step)):
            progress.report(done, len(headers), "reading planes")


def _load_one(header: Header, layout: Layout, dataset: Any, out: NDArray[Any], fast: bool) -> None:
    """One file's frame into its place: the fast way, or any other."""
    if fast:
        try:
            if is_plain(header, layout) and layout.allocated > 1:
                _read_plain(header, layout, dataset, out)
                return
            if header.is_encapsulated and header.syntax in dicom_codecs.KNOWN:
                data = next(iter(compressed_frames(header, 1)))
                place_compressed(data, header.syntax, layout, dataset, out)
                return
        except Damaged as error:
            raise ScanProblem(f"its pixels cannot be decoded ({error})", header.path, "Get the file again") from error
        except (Undecodable, OSError):
            pass
    load_frames(header, layout, dataset, out[None], Progress(), fast=False)


def _read_plain(header: Header, layout: Layout, dataset: Any, out: NDArray[Any]) -> None:
    """Plain little-endian pixels, straight into their place."""
    if layout.is_colour or sys.platform == "win32":
        with header.path.open("rb", buffering=0) as stream:
            stream.seek(header.pixels_at)
            read_frame(stream.readinto, layout, dataset, out, header.little)
        return
    view = memoryview(cast("Any", out).reshape(-1).view(np.uint8))
    descriptor = os.open(header.path, os.O_RDONLY)
    try:
        filled = os.preadv(descriptor, [view], header.pixels_at)
        while filled < len(view):
            count = os.preadv(descriptor, [view[filled:]], header.pixels_at + filled)
            if not count:
                raise Undecodable("its pixels are cut short")
            filled += count
    finally:
        os.close(descriptor)
    if header.little != np.little_endian:
        out.byteswap(inplace=True)
    mend_unused_bits(out, layout)
