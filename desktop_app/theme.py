"""How the window looks: design tokens, and the one style sheet made from them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Literal

from PySide6.QtCore import QDir
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

ThemeName = Literal["dark", "light"]

SPACE = (0, 4, 8, 12, 16, 24)
"""Steps of distance in pixels at scale 1; nothing stands at another distance."""
RADIUS = 6
FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Open Sans", "Cantarell", "Ubuntu", "DejaVu Sans")


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a theme (#rrggbb), from the back to the front, and its scale."""

    name: ThemeName
    canvas: str
    """Behind the scan."""
    base: str
    """The window."""
    panel: str
    """Side columns and bars."""
    raised: str
    """Fields, buttons, cards."""
    hover: str
    line: str
    """Quiet lines between surfaces."""
    edge: str
    """Edges and grooves of controls."""
    text: str
    muted: str
    disabled: str
    accent: str
    """The one colour that means "this one"; as text, edge, and filling of the chief button."""
    accent_hover: str
    accent_soft: str
    """Behind selected rows."""
    on_accent: str
    good: str
    warning: str
    danger: str
    warning_soft: str
    danger_soft: str
    scale: float = 1.0

    def px(self, pixels: float) -> int:
        """Pixels at the theme's scale, at least 1."""
        return max(round(pixels * self.scale), 1)


DARK = Theme(
    name="dark",
    canvas="#07090c",
    base="#0f1318",
    panel="#151a21",
    raised="#1f2630",
    hover="#2a333f",
    line="#262e39",
    edge="#364252",
    text="#e8edf4",
    muted="#9aa8ba",
    disabled="#5b6777",
    accent="#56b4f5",
    accent_hover="#7cc6fa",
    accent_soft="#1b3a55",
    on_accent="#06121c",
    good="#52c98b",
    warning="#f2b84b",
    danger="#ff7d7d",
    warning_soft="#3a2e14",
    danger_soft="#42202a",
)

LIGHT = Theme(
    name="light",
    canvas="#1a1e24",
    base="#e6eaef",
    panel="#f6f8fa",
    raised="#ffffff",
    hover="#e4eaf1",
    line="#d3dae3",
    edge="#b7c2cf",
    text="#18212c",
    muted="#536173",
    disabled="#98a4b3",
    accent="#0a5fa8",
    accent_hover="#0b6fc2",
    accent_soft="#d3e7f8",
    on_accent="#ffffff",
    good="#116b41",
    warning="#7d5100",
    danger="#b3202d",
    warning_soft="#fdf0d2",
    danger_soft="#fde3e4",
)


def chosen(name: ThemeName, scale: float) -> Theme:
    """A theme by its name, at a scale."""
    return replace(DARK if name == "dark" else LIGHT, scale=scale)


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours by WCAG 2: (L1 + 0.05) / (L2 + 0.05) of their relative luminances."""
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def readable_on(colour: str) -> str:
    """Black or white, whichever reads better on a colour."""
    return "#000000" if contrast("#000000", colour) >= contrast("#ffffff", colour) else "#ffffff"


def font(theme: Theme, size: float = 13, *, bold: bool = False) -> QFont:
    """The interface font, `size` pixels at scale 1."""
    made = QFont()
    made.setFamilies(list(FAMILIES))
    made.setPixelSize(theme.px(size))
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    return made


def palette(theme: Theme) -> QPalette:
    """What Qt's own drawing (item views, text selections) uses."""
    made = QPalette()
    role = QPalette.ColorRole
    for which, colour in {
        role.Window: theme.panel,
        role.Base: theme.panel,
        role.AlternateBase: theme.raised,
        role.Button: theme.raised,
        role.Text: theme.text,
        role.WindowText: theme.text,
        role.ButtonText: theme.text,
        role.PlaceholderText: theme.muted,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Highlight: theme.accent_soft,
        role.HighlightedText: theme.text,
        role.Link: theme.accent,
        role.BrightText: theme.danger,
    }.items():
        made.setColor(which, QColor(colour))
    for which in (role.Text, role.WindowText, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, which, QColor(theme.disabled))
    return made


def apply(application: QApplication, theme: Theme) -> None:
    """Give the whole application a theme: style, palette and font; `dress` comes when the widgets are made."""
    QDir.setSearchPaths("icons", [str(files("resources") / "icons")])
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(palette(theme))
    application.setFont(font(theme))


def dress(application: QApplication, theme: Theme) -> None:
    """Set the style sheet. Once all widgets are made, each is styled once and not with every parent it gets."""
    application.setStyleSheet(style_sheet(theme))


def style_sheet(theme: Theme) -> str:
    """The style sheet; `@name` stands for a colour of the theme, `12!` for 12 pixels at its scale."""
    text = re.sub(r"@(\w+)", lambda m: str(getattr(theme, m.group(1))), _SHEET)
    return re.sub(r"(\d+)!", lambda m: f"{theme.px(int(m.group(1)))}px", text)


_SHEET = """
QMainWindow, QDialog { background: @base; }
QWidget { color: @text; }
QToolTip { background: @raised; color: @text; border: 1px solid @edge; padding: 4! 8!; }

QMenuBar { background: @base; padding: 2! 4!; border: none; }
QMenuBar::item { padding: 4! 8!; border-radius: 4!; background: transparent; color: @text; }
QMenuBar::item:selected, QMenuBar::item:pressed { background: @hover; }
QMenu { background: @raised; border: 1px solid @edge; padding: 4!; }
QMenu::item { padding: 6! 28! 6! 10!; border-radius: 4!; }
QMenu::item:selected { background: @accent_soft; }
QMenu::item:disabled { color: @disabled; }
QMenu::icon { padding-left: 8!; }
QMenu::separator { height: 1px; background: @edge; margin: 4! 8!; }

QFrame#column, QFrame#strip, QFrame#footer { background: @panel; border: none; }
QFrame#rule { background: @line; border: none; }
QLabel#heading { font-weight: 600; }
QLabel#title { font-size: 18!; font-weight: 600; }
QLabel#muted, QLabel#hint { color: @muted; }
QLabel#small { color: @muted; font-size: 12!; }
QLabel#number { color: @muted; font-size: 12!; }
QLabel#good { color: @good; font-size: 12!; }
QLabel#bad { color: @danger; font-size: 12!; }
QLabel#warning { color: @text; background: @warning_soft; border-radius: 6!; padding: 8! 12!; }
QLabel#key { background: @raised; border: 1px solid @edge; border-radius: 4!; padding: 1px 6!; font-size: 12!; }

QPushButton { background: @raised; border: 1px solid @edge; border-radius: 6!; padding: 5! 12!; min-height: 18!; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @line; }
QPushButton:focus { border-color: @accent; }
QPushButton:disabled { color: @disabled; background: transparent; border-color: @line; }
QPushButton#chief { background: @accent; color: @on_accent; border-color: @accent; font-weight: 600; }
QPushButton#chief:hover { background: @accent_hover; border-color: @accent_hover; }
QPushButton#chief:focus { border-color: @text; }
QPushButton#chief:disabled { background: @raised; color: @disabled; border-color: @line; }
QPushButton#link { background: transparent; border: none; color: @accent; padding: 2! 4!; }
QPushButton#link:hover { color: @accent_hover; }
QPushButton#link:focus { text-decoration: underline; }

QToolButton { background: transparent; border: 1px solid transparent; border-radius: 6!; padding: 5!; }
QToolButton:hover { background: @hover; }
QToolButton:pressed { background: @line; }
QToolButton:checked { background: @accent_soft; border-color: @accent; }
QToolButton:focus { border-color: @accent; }
QToolButton:disabled { color: @disabled; }
QToolButton#section { font-weight: 600; text-align: left; padding: 6! 4!; border-radius: 0; border: none; }
QToolButton#section:hover { background: @hover; }
QToolButton#section:checked { background: transparent; }
QToolButton#section:focus { color: @accent; }
QToolButton#plain { padding: 2!; }
QToolButton#word { padding: 5! 6!; }
QToolButton::menu-indicator { image: none; }

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit {
  background: @raised; border: 1px solid @edge; border-radius: 6!; padding: 4! 8!; min-height: 20!;
  selection-background-color: @accent; selection-color: @on_accent;
}
QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus { border-color: @accent; }
QLineEdit:disabled, QSpinBox:disabled, QDoubleSpinBox:disabled, QComboBox:disabled {
  color: @disabled; background: transparent; border-color: @line;
}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {
  border: none; padding: 0 4!; min-height: 0; background: transparent;
}
QSpinBox, QDoubleSpinBox { padding: 2! 4!; min-height: 18!; max-height: 22!; }
QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button, QDoubleSpinBox::down-button { width: 0; }
QComboBox::drop-down { border: none; width: 22!; }
QComboBox::down-arrow { image: url("icons:theme/arrow-@name.svg"); width: 12!; height: 12!; }
QComboBox QAbstractItemView {
  background: @raised; border: 1px solid @edge; padding: 4!; outline: none; selection-background-color: @accent_soft;
}

QAbstractItemView { background: @panel; border: none; outline: none; }
QListView { border: 1px solid transparent; }
QListView:focus { border-color: @accent; }
QListView::item { border: none; }
QListWidget::item { padding: 2! 8!; }
QListWidget::item:selected { background: @accent_soft; color: @text; }
QPushButton:checked { background: @accent_soft; border-color: @accent; }
QScrollArea, QScrollArea > QWidget > QWidget#column { background: @panel; border: none; }
QScrollBar:vertical { background: transparent; width: 10!; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10!; margin: 0; }
QScrollBar::handle { background: @edge; border-radius: 3!; margin: 2!; }
QScrollBar::handle:vertical { min-height: 28!; }
QScrollBar::handle:horizontal { min-width: 28!; }
QScrollBar::handle:hover { background: @disabled; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QSlider { min-height: 20!; }
QSlider::groove:horizontal { height: 4!; background: @edge; border-radius: 2!; }
QSlider::sub-page:horizontal { background: @accent; border-radius: 2!; }
QSlider::sub-page:horizontal:disabled { background: @edge; }
QSlider::handle:horizontal { background: @text; width: 12!; height: 12!; margin: -4! 0; border-radius: 6!; }
QSlider::handle:horizontal:hover { background: @accent_hover; }
QSlider::handle:horizontal:focus { background: @accent; }
QSlider::handle:horizontal:disabled { background: @disabled; }

QCheckBox { spacing: 8!; }
QCheckBox::indicator { width: 16!; height: 16!; border: 1px solid @edge; border-radius: 4!; background: @raised; }
QCheckBox::indicator:hover { border-color: @accent; }
QCheckBox::indicator:checked { background: @accent; border-color: @accent; image: url("icons:theme/tick-@name.svg"); }
QCheckBox:focus { color: @accent; }
QCheckBox:disabled { color: @disabled; }

QProgressBar { background: @edge; border: none; border-radius: 2!; min-height: 4!; max-height: 4!; }
QProgressBar::chunk { background: @accent; border-radius: 2!; }

QSplitter::handle { background: @base; }
QSplitter::handle:hover { background: @accent; }
QStatusBar { background: @panel; border-top: 1px solid @line; }
QStatusBar::item { border: none; }
QGroupBox { border: none; margin-top: 20!; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 0; }

QFrame#problem { background: @danger_soft; border: none; border-left: 3px solid @danger; }
QFrame#toast { background: @raised; border: 1px solid @edge; border-radius: 6!; }
QFrame#palette { background: @raised; border: 1px solid @edge; border-radius: 8!; }
QFrame#palette QListWidget { background: transparent; border: none; }
QFrame#palette QLineEdit { background: @panel; font-size: 15!; }
QTreeWidget { background: @panel; border: 1px solid @edge; border-radius: 6!; }
QTreeWidget:focus { border-color: @accent; }
QTreeWidget::item { padding: 3! 0; border: none; }
QTreeWidget::item:selected { background: @accent_soft; color: @text; }
QHeaderView::section {
  background: @panel; color: @muted; border: none; border-bottom: 1px solid @line; padding: 4! 8!;
}
QKeySequenceEdit QLineEdit { padding: 4! 8!; }
QFrame#card { background: @raised; border: 1px solid @line; border-radius: 6!; }
"""
