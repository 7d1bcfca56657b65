"""A plan kept as a picture looks as the plan drawn."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from pytestqt.qtbot import QtBot

from desktop_app.canvas.mark_layer import MarkLayer
from desktop_app.canvas.mark_painter import MarkPainter
from desktop_app.canvas.marks import Chip, Outline, Plan

SIZE = QSize(200, 150)


def a_plan() -> Plan:
    boxes = tuple(
        Outline("rectangle", (((12.0 * n, 9.0 * n + 20), (12.0 * n + 60, 9.0 * n + 50)),), "#e6194b", style)
        for n, style in enumerate(("solid", "dashed", "quiet", "solid"))
    )
    line = Outline("line", (((5.0, 5.0), (150.0, 90.0), (190.0, 20.0)),), "#3cb44b", "dashed")
    return Plan((*boxes, line), (Chip((20.0, 60.0, 70.0, 18.0), "finding", "#ffe119", is_proposal=True),))


def pixels(image: QImage) -> NDArray[np.int16]:
    seen = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return seen[:, :, :3].astype(np.int16)


def ground() -> QImage:
    image = QImage(SIZE, QImage.Format.Format_RGB32)
    image.fill(QColor("#8090a0"))
    return image


def test_a_plan_becomes_a_picture_when_it_stays_and_looks_the_same(qtbot: QtBot) -> None:
    marks, plan = MarkPainter(QFont()), a_plan()
    layer = MarkLayer(marks)
    assert layer.picture(plan, SIZE, 1.0) is None
    kept = layer.picture(plan, SIZE, 1.0)
    assert kept is not None
    assert layer.picture(plan, SIZE, 1.0) is kept
    direct, blitted = ground(), ground()
    for image in (direct, blitted):
        painter = QPainter(image)
        if image is direct:
            marks.draw(painter, plan)
        else:
            painter.drawImage(0, 0, kept)
        painter.end()
    assert np.abs(pixels(direct) - pixels(ground())).max() > 100
    assert np.abs(pixels(direct) - pixels(blitted)).max() <= 2  # colours are rounded once more


def test_another_plan_size_or_ratio_is_drawn_afresh(qtbot: QtBot) -> None:
    layer, plan = MarkLayer(MarkPainter(QFont())), a_plan()
    for seen in ((plan, SIZE, 1.0), (a_plan(), SIZE, 1.0), (plan, QSize(90, 90), 1.0), (plan, QSize(90, 90), 2.0)):
        assert layer.picture(*seen) is None
        assert layer.picture(*seen) is not None
    assert layer.picture(plan, SIZE, 1.5) is None
    assert layer.picture(plan, SIZE, 1.5) is None
