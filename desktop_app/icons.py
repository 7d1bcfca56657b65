"""The icon set: 24-px stroke drawings of our own, coloured on use so that they fit every theme and scale."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

GRID = 24


@cache
def drawing(name: str) -> str:
    """The SVG text of an icon, its strokes in `currentColor`."""
    return files("resources").joinpath("icons", f"{name}.svg").read_text("utf-8")


def icon_names() -> tuple[str, ...]:
    """Every icon there is."""
    folder = files("resources").joinpath("icons")
    return tuple(sorted(entry.name.removesuffix(".svg") for entry in folder.iterdir() if entry.name.endswith(".svg")))


def pixmap(name: str, colour: str, size: int = GRID, ratio: float = 1.0) -> QPixmap:
    """An icon in one colour (#rrggbb), `size` logical pixels wide, sharp at a device pixel ratio."""
    from PySide6.QtSvg import QSvgRenderer

    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    renderer = QSvgRenderer(QByteArray(drawing(name).replace("currentColor", colour).encode()))
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, picture.width(), picture.height()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def _tinted(drawn: QPixmap, colour: str) -> QPixmap:
    """The same drawing in another colour, which is quicker than drawing it again."""
    made = drawn.copy()
    painter = QPainter(made)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(QRectF(0, 0, made.width(), made.height()), QColor(colour))
    painter.end()
    return made


def icon(name: str, colour: str, *, off: str = "", on: str = "", size: int = GRID, ratio: float = 1.0) -> QIcon:
    """An icon for buttons and menus: `colour` normally, `off` when disabled, `on` when checked."""
    drawn = pixmap(name, colour, size, ratio)
    made = QIcon(drawn)
    if off:
        made.addPixmap(_tinted(drawn, off), QIcon.Mode.Disabled)
    if on:
        checked = _tinted(drawn, on)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Active):
            made.addPixmap(checked, mode, QIcon.State.On)
    return made
