"""The pane that joins the view with the session: what is open goes in, what the reader asks for comes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dataset.annotation import Annotation, Proposal
from desktop_app.canvas.marks import Shown
from desktop_app.canvas.scan_view import ScanView
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.tool import Gesture, Mark, Outcome
from desktop_app.tools.hitting import is_locked
from imaging.scan import Window

PREVIEW_COLOUR = "#ffffff"


class ScanPane(QWidget):
    """One view of the open scan."""

    hovered = Signal(object)
    """`desktop_app.canvas.hovering.HoverInfo`, or `None` when the mouse left."""
    viewport_changed = Signal(object)
    crosshair_moved = Signal(float, float)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.view = ScanView(self)
        self.setFocusProxy(self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self._live: tuple[Annotation, ...] = ()
        self._shown: dict[str, tuple[Mark, bool, Shown]] = {}
        self._busy, self._is_active = False, True
        self._tool = session.tool
        self._last_gesture: Gesture | None = None
        self.view.set_taker(self)
        self.view.hovered.connect(self.hovered)
        self.view.viewport_changed.connect(self.viewport_changed)
        self.view.crosshair_moved.connect(self.crosshair_moved)
        self.view.plane_stepped.connect(session.step_plane)
        self.view.windowed.connect(self._on_windowed)
        self.view.problem_raised.connect(session.problem_raised)
        self._follow(session)
        self._on_scan()

    def _follow(self, session: Session) -> None:
        session.scan_opening.connect(self._on_opening)
        session.scan_changed.connect(self._on_scan)
        session.plane_changed.connect(self._on_plane)
        session.display_changed.connect(self._on_display)
        session.document_changed.connect(self._on_marks)
        session.proposals_changed.connect(self._on_marks)
        session.selection_changed.connect(self._on_marks)
        session.labels_changed.connect(self._on_labels)
        session.tool_changed.connect(self._on_tool)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours and the scale of a theme."""
        self.view.set_theme(theme)

    def set_active(self, is_active: bool) -> None:
        """Whether the tool works here: of several views of a scan it does so in one."""
        if self._is_active and not is_active:
            if self._busy:
                self._take(self._tool.cancel())
            self._drop()
        self._is_active = is_active

    # From the session.

    def _on_opening(self, title: str) -> None:
        self.view.show_busy(f"Reading {title} …")

    def _on_scan(self) -> None:
        self._shown.clear()
        self._drop()
        self.view.show_scan(self._session.scan, self._session.plane)
        self.view.set_display(self._session.display)
        self._on_marks()

    def _on_plane(self) -> None:
        if self._busy:
            self._take(self._tool.cancel())
        self.view.show_plane(self._session.plane)
        self._on_marks()

    def _on_display(self) -> None:
        self.view.set_display(self._session.display)

    def _on_labels(self) -> None:
        self._shown.clear()
        self._on_marks()

    def _on_tool(self) -> None:
        if self._tool is not self._session.tool:
            if self._busy and self._is_active:
                self._take(self._tool.cancel())
            self._tool = self._session.tool
            self.view.set_cursor_name("")
        if self._last_gesture is not None and self.view.underMouse():
            self.hover(self._last_gesture)
        else:
            self._drop()

    def _on_marks(self, _touched: object = None) -> None:
        session = self._session
        marks = session.marks_on(session.plane)
        replaced = {a.id for a in self._live} | {a.origin for a in self._live}
        shown = [self._shown_of(mark, mark.id in session.selection) for mark in marks if mark.id not in replaced]
        chosen = session.selection
        shown += [self._live_shown(a, a.id in chosen or a.origin in chosen) for a in self._live]
        self.view.set_marks(tuple(shown))
        if len(self._shown) > 2 * len(marks) + 1000:
            self._shown.clear()

    def _shown_of(self, mark: Mark, selected: bool) -> Shown:
        """The mark as the view knows it; the same object while nothing about it changed."""
        kept = self._shown.get(mark.id)
        if kept is not None and kept[0] is mark and kept[1] == selected:
            return kept[2]
        label = self._session.label_of(mark.label)
        score = f" {mark.score:.2f}" if isinstance(mark, Proposal) else ""
        is_proposal = isinstance(mark, Proposal)
        shown = Shown(mark.id, mark.geometry, label.colour, label.name + score, is_proposal, selected, is_locked(mark))
        self._shown[mark.id] = (mark, selected, shown)
        return shown

    def _live_shown(self, annotation: Annotation, selected: bool) -> Shown:
        label = self._session.label_of(annotation.label)
        return Shown(annotation.id, annotation.geometry, label.colour, label.name, is_selected=selected, is_live=True)

    # To the session.

    def _on_windowed(self, window: Window) -> None:
        self._session.set_display(replace(self._session.display, window=window))

    def press(self, gesture: Gesture) -> bool:
        """The tool takes the left button, or lets it go to the window and the pan."""
        return self._is_active and self._take(self._tool.press(gesture, self._session.bench()), gesture)

    def drag(self, gesture: Gesture) -> None:
        """The tool follows the mouse."""
        self._take(self._tool.drag(gesture, self._session.bench()), gesture)

    def release(self, gesture: Gesture) -> None:
        """The tool ends its gesture."""
        self._take(self._tool.release(gesture, self._session.bench()), gesture)

    def hover(self, gesture: Gesture) -> None:
        """The tool shows what it would do."""
        if self._is_active:
            self._take(self._tool.hover(gesture, self._session.bench()), gesture)

    def key(self, name: Literal["finish", "back", "cancel"]) -> bool:
        """Enter, Backspace or Escape for a gesture under way."""
        if not self._busy:
            return False
        if name == "cancel":
            self._take(self._tool.cancel())
        elif name == "finish":
            self._take(self._tool.finish(self._session.bench()))
        else:
            self._take(self._tool.back(self._session.bench()))
        return True

    @property
    def is_busy(self) -> bool:
        """Whether a gesture is under way."""
        return self._busy

    def _take(self, outcome: Outcome, gesture: Gesture | None = None) -> bool:
        """Show what a gesture led to and hand edits and selections on; whether the tool goes on with it."""
        session = self._session
        self._busy = outcome.busy
        if gesture is not None:
            self._last_gesture = gesture
        had_live, self._live = self._live, outcome.live
        if outcome.edit is not None or outcome.select is not None:
            session.handle(outcome)
        if outcome.live or had_live:
            self._on_marks()
        brush = None
        if outcome.cursor == "brush" and gesture is not None:
            brush = (gesture.x, gesture.y, session.brush)
        colour = session.label_of(session.label).colour
        self.view.set_preview(outcome.preview, colour, brush)
        self.view.set_cursor_name(outcome.cursor)
        return outcome.busy

    def _drop(self) -> None:
        """Nothing is under way."""
        self._busy, self._last_gesture = False, None
        if self._live:
            self._live = ()
            self._on_marks()
        self.view.set_preview((), PREVIEW_COLOUR, None)
