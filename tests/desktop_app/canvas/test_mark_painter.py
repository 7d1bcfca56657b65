"""How marks are drawn: the edges of boxes as strips."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QFont, QImage, QPainter
from pytestqt.qtbot import QtBot

from desktop_app.canvas.mark_painter import MarkPainter, frame_strips, part_of
from desktop_app.canvas.marks import Chip, Outline, Plan

sides = st.integers(12, 40)


@given(st.lists(st.tuples(st.integers(5, 30), st.integers(5, 30), sides, sides), max_size=4), st.integers(1, 6))
def test_the_strips_cover_a_frame_once_and_nothing_else(boxes: list[tuple[int, int, int, int]], width: int) -> None:
    corners = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes], np.float64).reshape(-1, 4)
    strips = frame_strips(corners, np.full(len(boxes), width, np.int32))
    assert strips.flags.c_contiguous
    for (x, y, w, h), four in zip(boxes, strips, strict=True):
        seen = np.zeros((90, 90), np.int8)
        for left, top, right, bottom in four:
            seen[top : bottom + 1, left : right + 1] += 1
        wanted = np.zeros_like(seen)
        low = width // 2
        wanted[y - low : y - low + h + width, x - low : x - low + w + width] = 1
        wanted[y - low + width : y - low + h, x - low + width : x - low + w] = 0
        assert np.array_equal(seen, wanted)


def canvas(plan: Plan, exposed: QRect | None = None) -> QImage:
    image = QImage(100, 100, QImage.Format.Format_RGB32)
    image.fill(QColor("#808080"))
    painter = QPainter(image)
    MarkPainter(QFont()).draw(painter, plan, 1.0, exposed)
    painter.end()
    return image


def box(style: str, *, selected: bool = False) -> Outline:
    return Outline("rectangle", (((20.0, 30.0), (70.0, 80.0)),), "#00ff00", style, selected)  # type: ignore[arg-type]


def test_a_solid_box_is_unbroken_and_a_dashed_one_is_not(qtbot: QtBot) -> None:
    def edge(style: str) -> list[int]:
        image = canvas(Plan((box(style),)))
        return [QColor(image.pixel(x, 29)).green() for x in range(25, 65)]

    assert set(edge("solid")) == {255}
    assert 255 in edge("dashed")
    assert min(edge("dashed")) < 100


@pytest.mark.parametrize("kind", ["rings", "line", "dots"])
def test_every_kind_of_outline_leaves_its_colour(qtbot: QtBot, kind: str) -> None:
    ring = ((20.0, 20.0), (80.0, 20.0), (80.0, 80.0))
    image = canvas(Plan((Outline(kind, (ring,), "#00ff00", "dashed"),)))  # type: ignore[arg-type]
    colours = {QColor(image.pixel(x, y)).name() for x in range(100) for y in range(100)}
    assert any(QColor(name).green() > 200 and QColor(name).red() < 80 for name in colours)


def test_a_proposals_chip_is_dark_and_a_persons_is_filled(qtbot: QtBot) -> None:
    def corner(proposal: bool) -> QColor:
        chip = Chip((10.0, 10.0, 60.0, 20.0), "", "#00ff00", proposal)
        return QColor(canvas(Plan(chips=(chip,))).pixel(20, 20))

    assert corner(False).green() > 240
    assert corner(True).lightness() < 50


def test_only_what_is_exposed_is_drawn() -> None:
    near, far = Chip((10, 10, 20, 10), "near", "#ffffff"), Chip((300, 300, 20, 10), "far", "#ffffff")
    plan = Plan((box("solid"),), (near, far), ((5.0, 5.0),))
    part = part_of(plan, QRect(0, 0, 30, 30))
    assert part.chips == (near,)
    assert part.outlines == plan.outlines
    assert part_of(plan, QRect(200, 200, 200, 200)).outlines == ()
    assert part_of(plan, QRect(200, 200, 200, 200)).chips == (far,)
