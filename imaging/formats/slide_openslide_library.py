# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false
"""OpenSlide's library: one slide held open, read from any thread, opened anew after an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from ctypes import POINTER, c_uint32
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from imaging.errors import ScanProblem, one_line
from imaging.quiet import quiet

T = TypeVar("T")

_OPAQUE = 0xFF000000


class OpenSlideHandle:
    """A slide that OpenSlide holds open. Safe from any thread.

    OpenSlide answers nothing more once it met an error; what else the file holds must still be read, so a handle
    that failed is left to those who still read from it, and another takes its place.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._slide: Any = _opened(path)
        self._readers: dict[int, int] = {}
        self._closed = False

    def call(self, work: Callable[[Any], T]) -> T:
        """What `work` makes of the open slide. Raises `ScanProblem` with one line."""
        import openslide

        with self._held() as slide:
            try:
                with quiet():
                    return work(slide)
            except openslide.OpenSlideError:
                self._forsake(slide)
        # The error may be that of another thread's tile, which every reader of the handle is told.
        return self._alone(work)

    def _alone(self, work: Callable[[Any], T]) -> T:
        """What `work` makes of the slide opened for it alone; where that goes well, others read from it next."""
        import openslide

        slide = _opened(self.path)
        try:
            with quiet():
                found = work(slide)
        except BaseException as error:
            slide.close()
            if isinstance(error, openslide.OpenSlideError):
                raise ScanProblem(said(error, self.path), self.path, "The file may be damaged or gone") from error
            raise
        with self._lock:
            adopted = self._slide is None and not self._closed
            if adopted:
                self._slide = slide
        if not adopted:
            slide.close()
        return found

    def argb(self, x: int, y: int, level: int, width: int, height: int) -> NDArray[np.uint32]:
        """A rectangle as 0xFFRRGGBB, white where nothing was scanned; `x` and `y` in pixels of the finest level."""
        out = np.empty((height, width), np.uint32)

        def read(slide: Any) -> None:
            from openslide import lowlevel

            pointer = cast("Any", out.ctypes).data_as(POINTER(c_uint32))
            lowlevel._read_region(slide._osr, pointer, x, y, level, width, height)

        self.call(read)
        return on_white(out)

    @contextmanager
    def _held(self) -> Generator[Any]:
        """The slide, which stays open while inside."""
        with self._lock:
            if self._closed:
                raise ScanProblem("is closed", self.path, "Open it again")
            if self._slide is None:
                self._slide = _opened(self.path)
            slide = self._slide
            self._readers[id(slide)] = self._readers.get(id(slide), 0) + 1
        try:
            yield slide
        finally:
            with self._lock:
                self._readers[id(slide)] -= 1
                last = not self._readers[id(slide)]
                if last:
                    del self._readers[id(slide)]
                forsaken = last and (slide is not self._slide or self._closed)
            if forsaken:
                slide.close()

    def _forsake(self, slide: Any) -> None:
        """Let the next read open the file anew."""
        with self._lock:
            if self._slide is slide:
                self._slide = None

    def close(self) -> None:
        """Let go of the file; who still reads from it finishes first."""
        with self._lock:
            slide, self._closed = self._slide, True
            read_from = id(slide) in self._readers
        if slide is not None and not read_from:
            slide.close()


def _opened(path: Path) -> Any:
    """OpenSlide's slide. Raises `ScanProblem`."""
    import openslide

    try:
        with quiet():
            return openslide.OpenSlide(path)
    except openslide.OpenSlideUnsupportedFormatError as error:
        raise ScanProblem("is no slide that OpenSlide reads, or is damaged", path, "Get the file again") from error
    except openslide.OpenSlideError as error:
        raise ScanProblem(f"cannot be opened ({said(error, path)})", path, "Get the file again") from error


def said(error: Exception, path: Path) -> str:
    """What OpenSlide says of an error, without the path."""
    return one_line(error).replace(f"Reading {path}: ", "").replace(str(path), path.name) or "cannot be read"


def on_white(argb: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Premultiplied 0xAARRGGBB laid on white, in place."""
    if int(argb.min(initial=_OPAQUE)) >= _OPAQUE:
        return argb
    white = np.uint32(255) - (argb >> np.uint32(24))
    argb += white * np.uint32(0x010101)
    argb |= np.uint32(_OPAQUE)
    return argb
