"""Which of the session's marks a view draws one by one, and which as a crowd.

Up to `FEW` marks are each drawn with dashes, chip and handles. Of more, the crowd is an underlay; what is selected,
under the hand, or a mask is still drawn by itself, and chips come when one is so close that only some are in view.
"""

from __future__ import annotations

from PySide6.QtCore import QObject

from dataset.annotation import Annotation, Proposal, WholeScan
from dataset.mask import Mask, empty_mask
from desktop_app.canvas.crowd_layer import CrowdLayer
from desktop_app.canvas.mark_words import words_of
from desktop_app.canvas.marks import Shown
from desktop_app.canvas.scan_view import ScanView
from desktop_app.canvas.sections import Sections
from desktop_app.mark_index import MarkIndex
from desktop_app.session import Session
from desktop_app.tool import Mark
from desktop_app.tools.hitting import is_locked
from imaging.geometry import Axis, Plane

FEW = 400
MOST_CHOSEN = 200
"""So many selected marks of a crowd are drawn by themselves; more are drawn as selected in the crowd."""
MOST_NAMED = 40
"""So many marks of a crowd have chips, when no more are in view."""
NOTHING = empty_mask()


class PaneMarks(QObject):
    """Keeps the marks of one view. GUI thread only."""

    def __init__(self, view: ScanView, session: Session) -> None:
        super().__init__(view)
        self._session, self._view = session, view
        self.crowd = CrowdLayer(self)
        self.crowd.changed.connect(view.update)
        self.axis: Axis | None = None
        """The axis whose planes the view shows; `None` follows the session."""
        self.live: tuple[Annotation, ...] = ()
        """What is under the hand."""
        self._shown: dict[str, tuple[Mark, bool, Shown]] = {}
        self._sections = Sections()
        self._own_index: MarkIndex | None = None
        """Of a plane that is not the session's; made where there are very many marks."""
        self._named: tuple[int, ...] = ()
        self._is_crowd = False
        view.viewport_changed.connect(self._on_moved)
        session.visibility_changed.connect(self.refresh)
        session.valuing.changed.connect(self._on_values)

    @property
    def plane(self) -> Plane:
        """The plane whose marks are shown."""
        return self._session.plane if self.axis is None else self._session.plane_of(self.axis)

    @property
    def index(self) -> MarkIndex:
        """The marks of the plane, by place."""
        plane = self.plane
        if plane == self._session.plane:
            return self._session.index
        self._own_index = self._own_index or MarkIndex()
        self._own_index.sync(self._session.marks_on(plane))
        return self._own_index

    def forget(self) -> None:
        """The labels or the scan are other ones."""
        self._shown.clear()
        self._sections.forget()
        self._own_index = None

    def _on_values(self) -> None:
        """What stands at regions has changed."""
        self._shown.clear()
        self.refresh()

    def refresh(self) -> None:
        """Give the view the marks as they are now."""
        session = self._session
        marks = session.marks_on(self.plane)
        self._is_crowd = len(marks) > FEW
        if self._is_crowd:
            self._refresh_crowd()
            return
        self.crowd.show_marks(None, {})
        chosen, replaced = session.selection, self._replaced()
        shown = [self._shown_of(mark, mark.id in chosen) for mark in marks if mark.id not in replaced]
        self._view.set_marks((*shown, *self._live_shown(), *self._looked_shown()))
        if len(self._shown) > 2 * len(marks) + 1000:
            self._shown.clear()

    def _replaced(self) -> frozenset[str]:
        return frozenset({a.id for a in self.live} | {a.origin for a in self.live})

    def _refresh_crowd(self) -> None:
        """Many marks: the view gets those that stand out."""
        session, index = self._session, self.index
        chosen, replaced = session.selection, self._replaced()
        self.crowd.show_marks(index, {label: session.label_of(label).colour for label in index.labels})
        self.crowd.hide(replaced)
        is_many = len(chosen) > MOST_CHOSEN
        self.crowd.choose(chosen if is_many else frozenset())
        shown = [self._shown_of(mark, mark.id in chosen) for mark in index.masks if mark.id not in replaced]
        single = () if is_many else (index.get(mark_id) for mark_id in sorted(chosen))
        masks = {mark.id for mark in index.masks}
        alone = [m for m in single if m is not None and m.id not in replaced and m.id not in masks]
        self._named = self._rows_in_view()
        apart = replaced | {mark.id for mark in alone}
        named = [m for m in (index.marks[row] for row in self._named) if m.id not in apart]
        shown += [self._shown_of(mark, False, is_drawn=False) for mark in named]
        shown += [self._shown_of(mark, True) for mark in alone]
        self._view.set_marks((*shown, *self._live_shown(), *self._looked_shown()))
        if len(self._shown) > 5000:
            self._shown.clear()

    def _rows_in_view(self) -> tuple[int, ...]:
        """The rows of the marks that are in view, when they are few enough to have chips."""
        viewport = self._view.viewport
        if viewport is None:
            return ()
        seen = viewport.visible()
        right, bottom = seen.x + seen.width, seen.y + seen.height
        return tuple(self.index.find_few(seen.x, seen.y, right, bottom, MOST_NAMED).tolist())

    def _on_moved(self) -> None:
        """Other marks of a crowd may have come into view."""
        if self._is_crowd and self._rows_in_view() != self._named:
            self._refresh_crowd()

    def _shown_of(self, mark: Mark, selected: bool, *, is_drawn: bool = True) -> Shown:
        """The mark as the view knows it; the same object while nothing about it changed."""
        geometry = mark.geometry
        if isinstance(geometry, Mask):
            geometry = self._sections.on_plane(mark.id, geometry, self.plane) or NOTHING
        kept = self._shown.get(mark.id)
        if (
            kept is not None
            and (kept[0] is mark and kept[1] == selected)
            and (kept[2].is_drawn == is_drawn and kept[2].geometry is geometry)
        ):
            return kept[2]
        label = self._session.label_of(mark.label)
        text, anchor = words_of(mark, self._session)
        is_proposal = isinstance(mark, Proposal)
        shown = Shown(
            mark.id, geometry, label.colour, text, is_proposal, selected, is_locked(mark),
            is_drawn=is_drawn, anchor=anchor, pattern=self._session.pattern_of(mark.label),
        )  # fmt: skip
        self._shown[mark.id] = (mark, selected, shown)
        return shown

    def _live_shown(self) -> list[Shown]:
        """What is under the hand, as the view knows it."""
        session, chosen, plane = self._session, self._session.selection, self.plane
        found: list[Shown] = []
        for annotation in self.live:
            geometry = annotation.geometry
            if isinstance(geometry, Mask):
                geometry = self._sections.on_plane(annotation.id, geometry, plane) or NOTHING
            elif not isinstance(geometry, WholeScan) and geometry.plane.axis != plane.axis:
                continue
            label, is_chosen = session.label_of(annotation.label), bool({annotation.id, annotation.origin} & chosen)
            pattern = self._session.pattern_of(annotation.label)
            found.append(
                Shown(
                    annotation.id,
                    geometry,
                    label.colour,
                    label.name,
                    is_selected=is_chosen,
                    is_live=True,
                    pattern=pattern,
                )
            )
        return found

    def _looked_shown(self) -> list[Shown]:
        """What is only looked at, as the view knows it."""
        found: list[Shown] = []
        for one in self._session.looking.on(self.plane):
            geometry, name = one.mark.geometry, f"looked {one.is_dashed} {one.mark.id}"
            if isinstance(geometry, Mask):
                geometry = self._sections.on_plane(name, geometry, self.plane) or NOTHING
            found.append(Shown(name, geometry, one.colour, one.text, one.is_dashed, one.is_strong, is_fixed=True))
        return found
