"""Every operation of the family."""

import inspect

import pytest

from dataset.annotation import Box, WholeScan
from desktop_app.icons import icon_names
from desktop_app.operation import Operation
from desktop_app.tools import operations
from imaging.geometry import Size
from imaging.plugins import gather
from tests.desktop_app.tools.hand import AXIAL, mark

OPERATIONS = gather(operations, Operation)


def test_the_operations_are_there() -> None:
    assert {operation.name for operation in OPERATIONS} >= {
        "fill-holes", "interpolate", "keep-largest", "remove-small", "merge", "subtract", "intersect", "split",
        "simplify", "smooth", "clean-outline", "grow", "shrink", "grow-mm", "shrink-mm", "mask-to-polygons",
        "polygon-to-mask",
    }  # fmt: skip


def test_names_titles_and_keys_are_their_own() -> None:
    for values in (
        [o.name for o in OPERATIONS],
        [o.title for o in OPERATIONS],
        [k for o in OPERATIONS for k in o.keys],
    ):
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_an_operation_says_what_it_does_and_keeps_to_its_family(operation: Operation) -> None:
    assert operation.title
    assert operation.tip
    assert operation.icon in icon_names()
    for method in ("can", "apply"):
        wanted = list(inspect.signature(getattr(Operation, method)).parameters)[1:]
        assert list(inspect.signature(getattr(operation, method)).parameters) == wanted
    assert not operation.can((mark(WholeScan()),), Size(300, 200, 12))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_one_box_of_a_picture_can_only_become_a_mask(operation: Operation) -> None:
    box = mark(Box(AXIAL, 3.0, 4.0, 10.0, 10.0))
    assert operation.can((box,), Size(300, 200, 1)) == (operation.name == "polygon-to-mask")
    assert not operation.can((), Size(300, 200, 1))
