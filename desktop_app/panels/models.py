"""Models: what can read, what it said of the whole scan, where it really ran."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dataset.prediction import Prediction
from desktop_app.bars import rate_text, time_left
from desktop_app.flow import Flow
from desktop_app.panel import Panel, Side
from desktop_app.review import newest_by_model
from desktop_app.session import Session
from desktop_app.theme import Theme, font
from desktop_app.widgets import Chooser, Number, Spinner, label, push, reveal, tidy

TASKS = {
    "classify": "classifies the scan",
    "segment": "outlines areas",
    "detect": "boxes findings",
    "instances": "outlines each piece",
    "pipeline": "models in a row",
}
SCORES_SHOWN = 6


class ScoreBars(QWidget):
    """Labels of the whole scan with their scores, the highest first."""

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session, self._theme = session, theme
        self._scores: tuple[tuple[str, float], ...] = ()

    def show_scores(self, scores: tuple[tuple[str, float], ...]) -> None:
        """Show label ids with scores."""
        self._scores = tuple(sorted(scores, key=lambda item: -item[1])[:SCORES_SHOWN])
        told = ", ".join(f"{self._session.label_of(i).name} {s:.0%}" for i, s in self._scores)
        self.setAccessibleName(f"Scores of the whole scan: {told}")
        self.setToolTip(told)
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def sizeHint(self) -> QSize:
        """One line for each label."""
        return QSize(self._theme.px(160), self._theme.px(26) * len(self._scores))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        """Name, bar, per cent."""
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line, number = theme.px(26), theme.px(44)
        names = min(self.width() * 0.42, theme.px(150))
        align = Qt.AlignmentFlag.AlignVCenter
        for row, (label_id, score) in enumerate(self._scores):
            shown, top = self._session.label_of(label_id), row * line
            painter.setFont(font(theme, 12, bold=row == 0))
            painter.setPen(QColor(theme.text if row == 0 else theme.muted))
            name = painter.fontMetrics().elidedText(shown.name, Qt.TextElideMode.ElideRight, int(names - theme.px(8)))
            painter.drawText(QRectF(0, top, names, line), align, name)
            percent = QRectF(self.width() - number, top, number, line)
            painter.drawText(percent, align | Qt.AlignmentFlag.AlignRight, f"{score:.0%}")
            groove = QRectF(names, top + line / 2 - theme.px(3), self.width() - names - number, theme.px(6))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.edge))
            painter.drawRoundedRect(groove, 3, 3)
            if score > 0:
                groove.setWidth(max(groove.width() * min(score, 1.0), groove.height()))
                painter.setBrush(QColor(shown.colour))
                painter.drawRoundedRect(groove, 3, 3)
        painter.end()


class ModelsView(QWidget):
    """Choose a model, run it, see what it said."""

    note_changed = Signal(str)

    def __init__(self, session: Session, theme: Theme) -> None:
        super().__init__()
        self._session = session
        self.models = Chooser("Model", "The model that reads")
        self.models.setPlaceholderText("No model is installed")
        self.run = push("Run", "Let this model read the open scan", key="M")
        self.about = label("", "small", wraps=True)
        self.pixel_size = Number(0.0, 100.0, "Pixel size in mm, which this scan does not say", decimals=6)
        self.pixel_size.setSpecialValueText("unknown")
        self.pixel_size.setSuffix(" mm")
        self._pixel_row = QWidget()
        inner = QHBoxLayout(self._pixel_row)
        tidy(inner, theme, gap=8)
        inner.addWidget(label("Pixel size", "muted"))
        inner.addWidget(self.pixel_size, 1)
        self.bar = Spinner("Progress of the reading")
        self.progress = label("", "small")
        self.said = label("", "small", wraps=True)
        self.scores = ScoreBars(session, theme)
        self.models.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        row = Flow.of((self.models, self.run), theme.px(8))
        column = QVBoxLayout(self)
        tidy(column, theme, (12, 4, 12, 12), 8)
        column.addLayout(row)
        for part in (self.about, self._pixel_row, self.bar, self.progress, self.scores, self.said):
            column.addWidget(part)
        self.models.activated.connect(self._choose)
        self.run.clicked.connect(self._run)
        self.pixel_size.valueChanged.connect(self._set_pixel_size)
        session.predicting.pixel_size_wanted.connect(self._ask_pixel_size)
        session.models_changed.connect(self._show_models)
        session.scan_changed.connect(self._on_scan)
        session.proposals_changed.connect(self._show_said)
        session.labels_changed.connect(self._show_said)
        session.jobs.changed.connect(self._show_job)
        session.jobs.started.connect(self._show_job)
        session.jobs.ended.connect(self._show_job)
        self._show_models()
        self._on_scan()

    def _show_models(self) -> None:
        self.models.clear()
        usable = [entry for entry in self._session.models if not entry.problem]
        for entry in usable:
            self.models.addItem(entry.title or entry.name, entry.name)
        self.models.setCurrentIndex(self.models.findData(self._session.model))
        chosen = next((entry for entry in usable if entry.name == self._session.model), None)
        if chosen is not None:
            self.about.setText(f"{chosen.name} {chosen.version} · {TASKS.get(chosen.task, chosen.task)}")
        else:
            self.about.setText("Import one: drop a model folder or an .onnx file on the window.")
        broken = len(self._session.models) - len(usable)
        self.note_changed.emit(f"{broken} cannot be used" if broken else "")
        self.models.setEnabled(bool(usable))
        self._show_job()

    def _on_scan(self) -> None:
        info = self._session.info
        self._pixel_row.setVisible(info is not None and None in info.spacing_mm[:2])
        # What a person said of one scan must not be taken for another.
        self.pixel_size.setValue(0.0)
        self._show_said()

    def _set_pixel_size(self, mm: float) -> None:
        self._session.predicting.pixel_size_mm = mm or None
        # Powers and lengths are shown by it.
        self._session.display_changed.emit()

    def _ask_pixel_size(self) -> None:
        reveal(self.pixel_size)
        self.pixel_size.selectAll()

    def _show_said(self) -> None:
        newest = newest_by_model(self._session.predictions)
        scored = [prediction for prediction in newest if prediction.scores]
        self.scores.setVisible(bool(scored))
        self.scores.show_scores(scored[-1].scores if scored else ())
        self.said.setVisible(bool(newest))
        self.said.setText("\n".join(_told(prediction) for prediction in newest))
        self._show_job()

    def _show_job(self) -> None:
        session = self._session
        reading = [job for job in session.jobs.running if job.title.startswith("Reading with")]
        self.bar.setVisible(bool(reading))
        self.progress.setVisible(bool(reading))
        self.run.setEnabled(session.scan is not None and bool(session.model) and not reading)
        if reading:
            job = reading[0]
            self.bar.show_fraction(job.fraction)
            words = (job.step.text or "Starting", rate_text(job.rate), time_left(job.seconds_left))
            self.progress.setText(" · ".join(word for word in words if word))

    def _choose(self, row: int) -> None:
        self._session.choose_model(str(self.models.itemData(row)))

    def _run(self) -> None:
        self.pixel_size.interpretText()
        self._session.slides.run()


def _told(prediction: Prediction) -> str:
    """Which model, where it really ran, in what time, and what it had to note."""
    words = [str(prediction.model), f"on {prediction.device}", f"{prediction.seconds:.1f} s", *prediction.notes]
    return " · ".join(words)


class ModelsPanel:
    """The models on the right."""

    title = "Models"
    side: Side = "right"
    order = 20
    stretch = 0

    def make(self, session: Session, theme: Theme) -> QWidget:
        """Build it."""
        return ModelsView(session, theme)


PLUGIN: Panel = ModelsPanel()
