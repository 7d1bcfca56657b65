"""Operations by key in the window, on the open document."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from dataset.annotation import Annotation, new_id, now
from dataset.document import Edit
from dataset.mask import Mask, mask_of_plane
from imaging.geometry import Plane
from tests.desktop_app.conftest import Reader, volume


def mask_on(*planes: int) -> Annotation:
    made = mask_of_plane(np.ones((10, 10), np.bool_), planes[0], x=20, y=20)
    for plane in planes[1:]:
        made = made.painted(plane, 20, 20, np.ones((10, 10), np.bool_), value=True)
    return Annotation(new_id(), "disc", made, "ada", now())


def opened(reader: Reader, *marks: Annotation) -> Reader:
    reader.open(volume())
    reader.session.commit(Edit("Paint", put=marks))
    reader.session.set_label("disc")
    reader.session.set_plane(Plane(0, 6))
    return reader


def planes(reader: Reader) -> tuple[int, ...]:
    mask = reader.session.document.annotations[0].geometry
    assert isinstance(mask, Mask)
    return mask.planes


def test_a_key_fills_between_planes_as_one_edit_that_can_be_undone(reader: Reader) -> None:
    opened(reader, mask_on(2, 8))
    reader.bot.keyClick(reader.window, Qt.Key.Key_I, Qt.KeyboardModifier.ShiftModifier)
    reader.bot.waitUntil(lambda: len(planes(reader)) == 7, timeout=5000)
    assert reader.session.document.undo_title == "Fill between planes"
    assert reader.session.selection == frozenset()
    reader.session.undo()
    assert planes(reader) == (2, 8)


def test_marks_that_changed_while_an_operation_worked_are_left_alone(reader: Reader) -> None:
    opened(reader, mask_on(2, 8))
    with reader.bot.waitSignal(reader.session.told, timeout=5000) as told:
        reader.session.operating.run("interpolate")
        reader.session.commit(Edit("Paint", put=(mask_on(4),)))
    assert "changed meanwhile" in told.args[0]  # type: ignore[index]
    assert planes(reader) == (2, 8)


def test_operations_count_only_for_what_is_selected(reader: Reader) -> None:
    one, other = mask_on(2), mask_on(4)
    session = opened(reader, one, other).session
    can = session.operating.can
    session.set_label("tumour")
    assert (can("merge"), can("split"), can("interpolate")) == (False, False, False)
    session.select([one.id])
    assert (can("merge"), can("split")) == (False, True)
    session.select([one.id, other.id])
    assert can("merge")
    reader.bot.keyClick(reader.window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    reader.bot.waitUntil(lambda: len(session.document.annotations) == 1, timeout=5000)
    assert planes(reader) == (2, 4)
