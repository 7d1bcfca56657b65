"""What stands in the middle while no scan is open: what to do."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from desktop_app.action import Desk
from desktop_app.flow import Flow
from desktop_app.session import Session
from desktop_app.theme import Theme
from desktop_app.widgets import dress, label, picture, push, tidy

FORMATS = "DICOM · NIfTI · MHA · NRRD · GIPL · TIFF · PNG · JPEG · BMP"


class Welcome(QWidget):
    """Says what to do next, with buttons that do it."""

    def __init__(self, session: Session, desk: Desk, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.title = label("Open a scan to read", "title", wraps=True)
        self.hint = label("", "muted", wraps=True)
        self.open = push("Open files…", "Open files", name="chief", key="Ctrl+O")
        self.folder = push("Open folder…", "Open a folder of scans", key="Ctrl+Shift+O")
        self.dataset = push("Open dataset…", "Open or create a dataset", key="Ctrl+D")
        dress(self.folder, theme, "folder", 16)
        dress(self.dataset, theme, "dataset", 16)
        self.open.clicked.connect(desk.ask_files)
        self.folder.clicked.connect(desk.ask_folder)
        self.dataset.clicked.connect(desk.ask_dataset)
        column = QVBoxLayout(self)
        tidy(column, theme, (24, 24, 24, 24), 12)
        column.addStretch(2)
        self._eye = picture(theme, "overread", 56, theme.accent)
        column.addWidget(self._eye)
        for text in (self.title, self.hint):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(text)
        buttons = Flow.of((self.open, self.folder, self.dataset), theme.px(8), centred=True)
        column.addSpacing(theme.px(8))
        column.addLayout(buttons)
        column.addSpacing(theme.px(8))
        self._formats = formats = label(FORMATS, "small", wraps=True)
        formats.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(formats)
        column.addStretch(3)
        session.cases_changed.connect(self._show)
        self._show()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is low, what can be done comes before everything else."""
        super().resizeEvent(event)
        if event.size() == event.oldSize():
            return
        parts = (self._formats, self._eye, self.hint)
        for part in parts:
            part.show()
        for part in parts:
            layout = self.layout()
            if layout is None or layout.heightForWidth(self.width()) <= self.height():
                break
            part.hide()

    def _show(self) -> None:
        if self._session.cases:
            self.title.setText("Choose a case")
            self.hint.setText("Pick one on the left, press D for the next, or open more.")
        else:
            self.title.setText("Open a scan to read")
            self.hint.setText("Drop scans, folders or models anywhere on this window.")


class DropHint(QFrame):
    """Shown over the window while something is dragged onto it."""

    def __init__(self, parent: QWidget, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(picture(theme, "open", 40, theme.accent))
        text = label("Drop to open", "title")
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(text)
        column.addStretch(1)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """A veil through which the window is still seen, and a dashed edge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(self._theme.accent_soft)
        veil.setAlpha(225)
        painter.setBrush(veil)
        painter.setPen(QPen(QColor(self._theme.accent), 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 12, 12)
        painter.end()
