"""Clipping: copies, cuts, pastes and duplicates marks; a part of the session. On the system's clipboard as GeoJSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from dataset.annotation import Annotation
from dataset.label import Label, LabelSet
from dataset.mask import Mask
from dataset.qupath import Imported
from desktop_app.choosing import Choosing
from desktop_app.clipboard import Clip, as_annotations, copied, cut, pasted
from desktop_app.tool import Mark, Outcome
from imaging.errors import Problem
from imaging.progress import Progress

LARGEST_TEXT = 20 * 2**20
"""Characters; what is larger travels as a file."""
MOST_MARKS, MOST_TILES = 20_000, 2_000
"""With more marks, or tiles of masks, no text is made: they are pasted within this program only."""


class Clipping(QObject):
    """What was copied last; stays when another case is opened."""

    def __init__(
        self, session: Choosing, handle: Callable[[Outcome], None], add_labels: Callable[[Iterable[Label]], None]
    ) -> None:
        super().__init__(session)
        self._session, self._handle, self._add_labels = session, handle, add_labels
        self._clip: Clip | None = None
        self._text: str | None = None
        """What this program last put on the system's clipboard; `None` while it is being written."""

    def copy(self) -> None:
        """Copy the selected marks."""
        session = self._session
        if session.scan is None or not session.selection:
            return
        clip = copied(session.bench(), session.scan_key)
        count = len(clip.marks)
        if count:
            self._keep(clip)
        session.told.emit(f"Copied {count:,} mark{'' if count == 1 else 's'}")

    def cut(self) -> None:
        """Copy the selected marks and take them away; of masks what lies on this plane."""
        session = self._session
        if session.scan is None or not session.selection:
            return
        clip, outcome = cut(session.bench(), session.scan_key)
        self._keep(clip)
        self._handle(outcome)

    def paste(self) -> None:
        """Put the copied marks on the present plane, or those that another program put on the clipboard."""
        session = self._session
        if session.scan is None:
            return
        text = QGuiApplication.clipboard().text()
        is_another = self._clip is None or (self._text is not None and text != self._text)
        if is_another and text.lstrip()[:1] in {"{", "["}:
            self._take_in(text)
        elif self._clip is not None:
            self._put(self._clip)
        else:
            session.told.emit("No marks were copied yet")

    def duplicate(self) -> None:
        """Put the selected marks on the next plane too, and go there; what was copied stays."""
        session = self._session
        if session.scan is None or session.info is None or not session.selection:
            return
        bench = session.bench()
        following = replace(bench.plane, index=bench.plane.index + 1)
        if following.index >= session.info.size.count(following.axis):
            session.told.emit("This is the last plane")
            return
        outcome = pasted(copied(bench, session.scan_key), bench, session.scan_key, title="Duplicate", onto=following)
        if outcome.edit is not None:
            session.set_plane(following)
        self._handle(outcome)

    def _keep(self, clip: Clip) -> None:
        """Remember what was copied; its text follows when it is written."""
        self._clip, self._text = clip, None
        marks = as_annotations(clip, self._session.author)
        labels = LabelSet("", tuple(map(self._session.label_of, dict.fromkeys(mark.label for mark in marks))))

        def work(_progress: Progress) -> str:
            return geojson_of(marks, labels)

        def then(text: str) -> None:
            if self._clip is clip and text:
                self._text = text
                QGuiApplication.clipboard().setText(text)

        if is_small(clip.marks):
            self._session.jobs.start("Copying", work, then, quiet=True)

    def _put(self, clip: Clip) -> None:
        """Paste marks; outlines that cannot be cut at the edge of the scan are told of, and nothing is done."""
        session = self._session
        try:
            self._handle(pasted(clip, session.bench(), session.scan_key))
        except Problem as problem:
            session.problem_raised.emit(problem)

    def _take_in(self, text: str) -> None:
        """Paste what another program copied."""
        session = self._session
        key, known, author = session.scan_key, session.labels, session.author

        def work(_progress: Progress) -> Imported:
            return read_text(text, known, author)

        def then(found: Imported) -> None:
            if session.scan_key == key:
                self._add_labels(found.labels)
                self._put(Clip(found.annotations, session.plane, session.bench().size, ""))

        session.jobs.start("Pasting", work, then)


def is_small(marks: Iterable[Mark]) -> bool:
    """Whether marks make a text that can be put on a clipboard."""
    every = tuple(marks)
    tiles = sum(len(mark.geometry.tiles) for mark in every if isinstance(mark.geometry, Mask))
    return len(every) <= MOST_MARKS and tiles <= MOST_TILES


def geojson_of(marks: tuple[Annotation, ...], labels: LabelSet) -> str:
    """The marks as text; empty where it would be too long."""
    from dataset.qupath_write import write_geojson

    text = write_geojson(marks, labels).decode("utf-8")
    return text if len(text) <= LARGEST_TEXT else ""


def read_text(text: str, known: LabelSet, author: str) -> Imported:
    """The marks of a text; one line where it holds none that can be read."""
    from dataset.qupath import read_geojson

    where, advice = "The text on the clipboard", "Nothing was pasted; copy the marks again"
    if len(text) > LARGEST_TEXT:
        raise Problem(f"is larger than {LARGEST_TEXT // 2**20} MiB", where, "Import it as a file instead")
    try:
        return read_geojson(text.encode("utf-8", "replace"), known, author=author)
    except Problem as problem:
        raise Problem(problem.what, where, advice) from problem
