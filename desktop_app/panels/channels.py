"""The channels panel: of a fluorescence slide, which channels are shown, in which colour, over which range."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QCheckBox, QColorDialog, QGridLayout, QVBoxLayout, QWidget

from desktop_app.display import ChannelLook
from desktop_app.one_job import OneJob
from desktop_app.panel import Panel, Side
from desktop_app.panels.swatch import swatch
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import Column, Number, push, tidy, tool_button
from imaging.geometry import Plane, whole_plane
from imaging.progress import Progress
from imaging.scan import Scan, ScanInfo

SAMPLE = 512
"""Longest side of what the ranges are found from."""
DARK, BRIGHT = 1.0, 99.7
"""Which hundredths of the values are shown black and brightest."""
MOST_SHOWN = 6


def looks_as_told(info: ScanInfo) -> tuple[ChannelLook, ...]:
    """How the file says that its channels look; the whole range of the type where it says nothing."""
    kind = np.dtype(info.dtype)
    most = float(np.iinfo(kind).max) if np.issubdtype(kind, np.integer) else 1.0
    found: list[ChannelLook] = []
    for channel in info.fluorescence:
        low, high = (channel.window.low, channel.window.high) if channel.window is not None else (0.0, most)
        found.append(ChannelLook(on=True, colour=channel.colour, low=low, high=high))
    return tuple(found)


def looks_of(
    scan: Scan, plane: Plane, looks: tuple[ChannelLook, ...], wanted: frozenset[int]
) -> tuple[ChannelLook, ...]:
    """The same with the ranges of some channels found from the values. In a worker thread."""
    size = scan.info.size
    width, height = size.on_plane(plane.axis)
    stored = scan.read(whole_plane(size, plane), max(1.0, max(width, height) / SAMPLE))
    values = stored.reshape(stored.shape[0], stored.shape[1], -1)
    found = list(looks)
    for number in wanted & set(range(min(values.shape[2], len(looks)))):
        low, high = (float(v) for v in np.percentile(values[..., number], (DARK, BRIGHT)))
        found[number] = replace(looks[number], low=low, high=max(high, low + 1))
    return tuple(found)


def solo(looks: tuple[ChannelLook, ...], number: int) -> tuple[ChannelLook, ...]:
    """Only one channel; all of them where it already was the only one."""
    is_alone = [look.on for look in looks] == [n == number for n in range(len(looks))]
    return tuple(replace(look, on=is_alone or n == number) for n, look in enumerate(looks))


class ChannelRow(QObject):
    """The controls of one channel."""

    def __init__(self, view: ChannelsView, number: int, name: str, most: float, theme: Theme) -> None:
        super().__init__(view)
        self._view, self._number = view, number
        self.on = QCheckBox(name)
        self.on.setToolTip(f"Show {name}; with Alt only this channel")
        self.on.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.on.installEventFilter(self)
        self.colour = tool_button(theme, "scan", f"Colour of {name}")
        self.low = Number(0, most, f"Darkest value of {name}")
        self.high = Number(0, most, f"Brightest value of {name}")
        self.auto = push("Auto", f"Find the range of {name} from its values", name="link")
        self.on.toggled.connect(self._switch)
        self.colour.clicked.connect(self._ask_colour)
        self.low.valueChanged.connect(self._set_low)
        self.high.valueChanged.connect(self._set_high)
        self.auto.clicked.connect(lambda: view.find_ranges(frozenset({number})))

    def show_look(self, look: ChannelLook) -> None:
        """Show how the channel is shown."""
        for control in (self.on, self.low, self.high):
            control.blockSignals(True)
        self.on.setChecked(look.on)
        self.low.setValue(look.low)
        self.high.setValue(look.high)
        for control in (self.on, self.low, self.high):
            control.blockSignals(False)
        self.colour.setIcon(swatch(f"#{look.colour:06x}", 16))

    def _switch(self, on: bool) -> None:
        self._view.change(self._number, on=on)

    def _set_low(self, low: float) -> None:
        self._view.change(self._number, low=min(low, self.high.value() - 1))

    def _set_high(self, high: float) -> None:
        self._view.change(self._number, high=max(high, self.low.value() + 1))

    def _ask_colour(self) -> None:
        looks = self._view.looks
        chosen = QColorDialog.getColor(
            QColor(f"#{looks[self._number].colour:06x}"), self._view, f"Colour of {self.on.text()}"
        )
        if chosen.isValid():
            self._view.change(self._number, colour=chosen.rgb() & 0xFFFFFF)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """With Alt only this channel is shown."""
        has_alt = isinstance(event, QMouseEvent) and event.modifiers() & Qt.KeyboardModifier.AltModifier
        if has_alt and event.type() == QEvent.Type.MouseButtonRelease:
            self.on.setDown(False)
            self._view.show_only(self._number)
            return True
        return super().eventFilter(watched, event)


class ChannelsView(QWidget):
    """A row for each channel."""

    applies_changed = Signal(bool)
    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme, self._job = session, theme, OneJob(self)
        self.rows: tuple[ChannelRow, ...] = ()
        self._wanted: frozenset[int] = frozenset()
        self._column = QVBoxLayout(self)
        tidy(self._column, theme, (12, 4, 12, 12), 8)
        self._body = QWidget()
        self._column.addWidget(self._body)
        session.scan_changed.connect(self._on_scan)
        session.display_changed.connect(self._show)
        self._on_scan()

    @property
    def applies(self) -> bool:
        """Whether the open scan has channels."""
        info = self._session.info
        return info is not None and bool(info.fluorescence)

    @property
    def looks(self) -> tuple[ChannelLook, ...]:
        """How the channels are shown."""
        info, known = self._session.info, self._session.display.channels
        if info is None or len(known) == len(info.fluorescence):
            return known
        return looks_as_told(info)

    def change(self, number: int, **changes: object) -> None:
        """Show a channel another way."""
        looks = list(self.looks)
        looks[number] = replace(looks[number], **changes)  # pyright: ignore[reportArgumentType]
        self._set(tuple(looks))

    def show_only(self, number: int) -> None:
        """Show one channel only, or all again."""
        self._set(solo(self.looks, number))

    def _set(self, looks: tuple[ChannelLook, ...]) -> None:
        self._session.set_display(replace(self._session.display, channels=looks))

    def find_ranges(self, wanted: frozenset[int]) -> None:
        """Find the ranges of some channels from the values of the plane that is shown."""
        scan, plane, looks = self._session.scan, self._session.plane, self.looks
        if scan is None:
            return
        # A click on the next channel stops the job, not what was asked of it.
        wanted = self._wanted = self._wanted | wanted

        def work(_progress: Progress) -> tuple[ChannelLook, ...]:
            return looks_of(scan, plane, looks, wanted)

        def then(found: tuple[ChannelLook, ...]) -> None:
            self._wanted = frozenset()
            if self._session.scan is scan and self.looks:
                now = self.looks
                ranges = [(n, found[n]) for n in wanted if n < len(now)]
                changed = {n: replace(now[n], low=look.low, high=look.high) for n, look in ranges}
                self._set(tuple(changed.get(n, look) for n, look in enumerate(now)))

        self._job.follow(self._session.jobs.start("Finding the ranges of channels", work, then, quiet=True))

    def _on_scan(self) -> None:
        info, self._wanted = self._session.info, frozenset()
        self._body.hide()
        self._column.removeWidget(self._body)
        self._body.deleteLater()
        self._body, self.rows = QWidget(), ()
        if info is not None and info.fluorescence:
            self._fill(info)
            untold = {n for n, channel in enumerate(info.fluorescence) if channel.window is None}
            if len(self._session.display.channels) != len(info.fluorescence) and untold:
                self.find_ranges(frozenset(untold))
        self._column.addWidget(self._body)
        self.applies_changed.emit(self.applies)
        self._show()

    def _fill(self, info: ScanInfo) -> None:
        kind = np.dtype(info.dtype)
        most = float(np.iinfo(kind).max) if np.issubdtype(kind, np.integer) else 1e6
        names = [channel.name or f"Channel {n}" for n, channel in enumerate(info.fluorescence, 1)]
        inner = QWidget()
        inner.setObjectName("column")
        grid = QGridLayout(inner)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(self._theme.px(4))
        grid.setVerticalSpacing(self._theme.px(4))
        self.rows = tuple(ChannelRow(self, n, name, most, self._theme) for n, name in enumerate(names))
        for number, row in enumerate(self.rows):
            for column, part in enumerate((row.on, row.colour, row.low, row.high, row.auto)):
                grid.addWidget(part, number, column)
        grid.setColumnStretch(0, 1)
        box = QVBoxLayout(self._body)
        tidy(box, self._theme, gap=0)
        if len(self.rows) > MOST_SHOWN:
            area = Column(inner)
            area.setFixedHeight(self._theme.px(34) * MOST_SHOWN)
            box.addWidget(area)
        else:
            box.addWidget(inner)

    def _show(self) -> None:
        if not self.rows:
            return
        looks = self.looks
        for row, look in zip(self.rows, looks, strict=False):
            row.show_look(look)
        shown = sum(look.on for look in looks)
        self.note_changed.emit(f"{shown} of {len(looks)}")


class ChannelsPanel:
    """The channels on the right."""

    title = "Channels"
    side: Side = "right"
    order = 28
    stretch = 0

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return ChannelsView(session, theme)


PLUGIN: Panel = ChannelsPanel()
