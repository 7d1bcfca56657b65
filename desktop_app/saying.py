"""Saying: what plain Qt widgets were made with, said in the reader's language, for a window or a dialog at once."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QTreeWidget,
    QWidget,
)

from desktop_app.translation import tr


def say_all(window: QWidget) -> None:
    """Translate texts, tool tips, accessible names and hints of a window and all in it.

    What is said already, and what a person wrote, is in no dictionary and stays as it is.
    """
    if tr("Close") == "Close":
        return
    for widget in (window, *window.findChildren(QWidget)):
        widget.setToolTip(_said(widget.toolTip()))
        widget.setAccessibleName(tr(widget.accessibleName()))
        widget.setAccessibleDescription(tr(widget.accessibleDescription()))
        _say_text(widget)


def _said(tip: str) -> str:
    """A tool tip, which may end with its key in brackets."""
    said = tr(tip)
    if said == tip and tip.endswith(")") and "  (" in tip:
        text, _, key = tip.rpartition("  (")
        return f"{tr(text)}  ({key}"
    return said


def _say_text(widget: QWidget) -> None:
    if isinstance(widget, QAbstractButton):
        text = widget.text()
        said = tr(text.strip())
        if said != text.strip():
            widget.setText(text.replace(text.strip(), said))
    elif isinstance(widget, QLabel):
        if widget.text() and tr(widget.text()) != widget.text():
            widget.setText(tr(widget.text()))
    elif isinstance(widget, QLineEdit | QPlainTextEdit):
        widget.setPlaceholderText(tr(widget.placeholderText()))
    elif isinstance(widget, QComboBox):
        for number in range(widget.count()):
            widget.setItemText(number, tr(widget.itemText(number)))
    elif isinstance(widget, QSpinBox | QDoubleSpinBox):
        widget.setSuffix(_padded(widget.suffix()))
        widget.setPrefix(_padded(widget.prefix()))
    elif isinstance(widget, QAbstractSpinBox):
        widget.setSpecialValueText(tr(widget.specialValueText()))
    elif isinstance(widget, QTreeWidget):
        head = widget.headerItem()
        for column in range(widget.columnCount()):
            head.setText(column, tr(head.text(column)))


def _padded(text: str) -> str:
    word = text.strip()
    return text.replace(word, tr(word)) if word else text
