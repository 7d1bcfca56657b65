"""The plane scrubber: where in the scan the plane is, with marks where findings are. Dragged, wheeled or keyed."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton, QWidget

from desktop_app.session import Session
from desktop_app.theme import Theme, font
from desktop_app.widgets import label, tidy
from imaging.geometry import Axis, Plane, plane_name

SHORT = {"axial": "Axial", "coronal": "Coronal", "sagittal": "Sagittal"}
LEAST_WIDTH, LEAST_TRACK = 210, 28
"""Pixels at scale 1."""
KEYS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_PageUp: 10,
    Qt.Key.Key_PageDown: -10,
}


class Track(QWidget):
    """The line with the handle and the marks."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._marks: tuple[int, ...] = ()
        self._still: tuple[object, QPixmap] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Plane")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumWidth(theme.px(LEAST_TRACK))

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(self._theme.px(400), self._theme.px(28))

    @property
    def count(self) -> int:
        """How many planes the axis has."""
        info = self._session.info
        return info.size.count(self._session.plane.axis) if info is not None else 0

    def set_marks(self, planes: tuple[int, ...]) -> None:
        """Planes with findings."""
        if planes != self._marks:
            self._marks = planes
            self.update()

    def x_of(self, index: int) -> float:
        """Where a plane stands on the track, in widget pixels."""
        ends = self._theme.px(8)
        return ends + (self.width() - 2 * ends) * (index / max(self.count - 1, 1))

    def index_at(self, x: float) -> int:
        """The plane nearest to a widget position."""
        ends = self._theme.px(8)
        share = (x - ends) / max(self.width() - 2 * ends, 1)
        return round(min(max(share, 0.0), 1.0) * max(self.count - 1, 0))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Groove and marks, which stay from plane to plane; handle."""
        theme, ratio = self._theme, self.devicePixelRatioF()
        key = (self.size(), ratio, self.count, self._marks)
        if self._still is None or self._still[0] != key:
            self._still = (key, self._drawn_still(ratio))
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._still[1])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(theme.accent if self.hasFocus() or self.underMouse() else theme.text))
        painter.setPen(QPen(QColor(theme.panel), 2))
        middle, at = self.height() / 2, self.x_of(self._session.plane.index)
        painter.drawEllipse(QPointF(at, middle), theme.px(7), theme.px(7))
        painter.end()

    def _drawn_still(self, ratio: float) -> QPixmap:
        theme, middle = self._theme, self.height() / 2
        picture = QPixmap(self.size() * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        groove = QRectF(self.x_of(0), middle - theme.px(2), self.x_of(self.count - 1) - self.x_of(0), theme.px(4))
        painter.setBrush(QColor(theme.edge))
        painter.drawRoundedRect(groove, 2, 2)
        painter.setBrush(QColor(theme.warning))
        width = min(max((groove.width() / max(self.count, 1)) * 0.7, theme.px(2)), theme.px(6))
        for index in self._marks:
            painter.drawRoundedRect(
                QRectF(self.x_of(index) - width / 2, middle - theme.px(7), width, theme.px(14)), 1, 1
            )
        painter.end()
        return picture

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go there."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._go(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the hand."""
        index = self.index_at(event.position().x())
        found = " · findings" if index in self._marks else ""
        self.setToolTip(f"Plane {index + 1} of {self.count}{found}")
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position().x())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """One plane a notch."""
        if event.angleDelta().y():
            self._session.step_plane(1 if event.angleDelta().y() > 0 else -1)
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Claim its own keys before the window's shortcuts."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._step(event) != 0:
            event.accept()
            return True
        if event.type() in {QEvent.Type.Enter, QEvent.Type.Leave}:
            self.update()
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows step one plane, PageUp and PageDown ten, Home and End go to the ends."""
        step = self._step(event)
        if step:
            self._session.step_plane(step)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: ARG002
        """Show the focus."""
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: ARG002
        """Show it has gone."""
        self.update()

    def _step(self, event: QKeyEvent) -> int:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Home:
            return -self.count
        return self.count if key == Qt.Key.Key_End else KEYS.get(key, 0)

    def _go(self, x: float) -> None:
        self._session.set_plane(Plane(self._session.plane.axis, self.index_at(x)))


class Scrubber(QFrame):
    """Axis buttons, track and number; hidden where a scan has one plane."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("strip")
        self._session, self._theme = session, theme
        self.track = Track(session, theme)
        self._number = label("", "number")
        self._number.setFont(font(theme, 12))
        self._number.setMinimumWidth(theme.px(48))
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        tidy(row, theme, (8, 4, 12, 4), 4)
        self.axes: dict[Axis, QToolButton] = {}
        self._names: dict[Axis, str] = {0: "", 1: "", 2: ""}
        self._more: QWidget | None = None
        self._told: tuple[object, ...] = ()
        group = QButtonGroup(self)
        for axis in (0, 1, 2):
            button = QToolButton()
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            group.addButton(button, axis)
            self.axes[axis] = button
            row.addWidget(button)
        group.idClicked.connect(self._choose_axis)
        self._row = row
        row.addWidget(self.track, 1)
        row.addWidget(self._number)
        session.scan_changed.connect(self._on_scan)
        session.plane_changed.connect(self._on_plane)
        self._pending = QTimer(self)
        self._pending.setSingleShot(True)
        self._pending.setInterval(0)
        self._pending.timeout.connect(self._on_findings)
        session.proposals_changed.connect(self._pend)
        session.document_changed.connect(self._pend)
        self._on_scan()

    def put_beside_axes(self, buttons: QWidget) -> None:
        """Put more buttons behind those of the axes."""
        self._more = QWidget()
        row = QHBoxLayout(self._more)
        tidy(row, self._theme, gap=0)
        row.addWidget(buttons)
        self._row.insertWidget(len(self.axes), self._more)
        # After these buttons have shown what there is of them on the new scan.
        self._session.scan_changed.connect(self._arrange)

    def minimumSizeHint(self) -> QSize:
        """The axes by their letters, a short track and the number; more where there is room."""
        return QSize(self._theme.px(LEAST_WIDTH), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Say as much as there is room for."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Name the axes in full where there is room, else by a letter; leave out what the menu has as well."""
        told = (self.width(), *self._names.values(), self._more.sizeHint().width() if self._more is not None else 0)
        if told == self._told:
            return
        self._told = told
        for is_short, has_more in ((False, True), (True, True), (True, False)):
            for axis, button in self.axes.items():
                button.setText(self._names[axis][:1] if is_short else self._names[axis])
            if self._more is not None:
                self._more.setVisible(has_more)
            if self._needed() <= self.width():
                break
        # What was shown and hidden again in one turn would keep its place.
        self._row.invalidate()
        self._row.activate()

    def _needed(self) -> int:
        parts = [button for button in self.axes.values() if not button.isHidden()]
        parts += [self._more] if self._more is not None and not self._more.isHidden() else []
        margins = self._row.contentsMargins()
        wide = sum(part.sizeHint().width() + self._row.spacing() for part in parts)
        wide += max(self._number.sizeHint().width(), self._number.minimumWidth())
        return wide + self._row.spacing() + self._theme.px(LEAST_TRACK) + margins.left() + margins.right()

    def _on_scan(self) -> None:
        info = self._session.info
        self.setVisible(info is not None and info.size.planes > 1)
        is_volume = info is not None and info.kind == "volume" and info.size.planes > 1
        for axis, button in self.axes.items():
            name = plane_name(info.affine, axis) if info is not None else ""
            text = SHORT.get(name, ("Planes", "Rows", "Columns")[axis])
            self._names[axis] = text
            button.setAccessibleName(f"{text} planes")
            button.setToolTip(f"Show the {text.lower()} planes")
            button.setVisible(is_volume)
        self._arrange()
        self._on_plane()
        self._on_findings()

    def _on_plane(self) -> None:
        plane = self._session.plane
        if not self.axes[plane.axis].isChecked():
            self.axes[plane.axis].setChecked(True)
            self._on_findings()
        self._number.setText(f"{plane.index + 1} / {self.track.count}" if self.track.count else "")
        self.track.setAccessibleDescription(self._number.text())
        self.track.update()

    def _pend(self) -> None:
        self._pending.start()

    def _on_findings(self) -> None:
        session = self._session
        if session.info is None or session.info.size.planes < 2:
            return
        self.track.set_marks(session.findings.planes_with_marks(session.plane.axis, session.display.limits))

    def _choose_axis(self, axis: int) -> None:
        if axis != self._session.plane.axis and axis in self.axes:
            self._session.set_axis(0 if axis == 0 else 1 if axis == 1 else 2)
