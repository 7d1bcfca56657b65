"""Moving by keys goes the way the arrow points on the screen."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from dataset.annotation import Annotation, Box, new_id, now
from dataset.document import Document, Snapshot
from desktop_app.action import conflicts
from desktop_app.action_shapes import nudge, shapes_rows
from desktop_app.session import Session
from desktop_app.tool import Bench, Outcome
from imaging.geometry import Affine, Plane, Size, display_orientation

TURNED = Affine.from_directions((0.0, 0.0, 0.0), (0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))


def moved(affine: Affine | None, dx: int, dy: int) -> tuple[float, float]:
    mark = Annotation(new_id(), "disc", Box(Plane(), 50, 50, 10, 10), "ada", now())
    document = Document(Snapshot((mark,)))
    bench = Bench(Plane(), Size(200, 200, 3), document.snapshot(), (), frozenset({mark.id}), "disc", "ada")
    taken: list[Outcome] = []
    session = SimpleNamespace(
        info=SimpleNamespace(affine=affine), plane=Plane(), bench=lambda: bench, handle=taken.append
    )
    nudge(cast(Session, cast(Any, session)), dx, dy)
    assert taken[0].edit is not None
    shape = taken[0].edit.put[0].geometry
    assert isinstance(shape, Box)
    return shape.x - 50, shape.y - 50


def test_a_picture_without_a_place_in_the_patient_is_shown_as_it_is() -> None:
    assert moved(None, 1, 0) == (1, 0)
    assert moved(None, 0, -10) == (0, -10)


@pytest.mark.parametrize("way", [(1, 0), (0, 1), (-10, 0), (0, -10)])
def test_on_a_turned_plane_the_arrow_goes_its_way_on_the_screen(way: tuple[int, int]) -> None:
    from desktop_app.canvas.viewport import Viewport

    turn = display_orientation(TURNED, 0)
    view = Viewport(Plane(), 200, 200, 200, 200, (100, 100), 1.0, orientation=turn)
    (ax, ay), (bx, by) = view.to_screen(50, 50), view.to_screen(*(50 + step for step in moved(TURNED, *way)))
    assert (round(bx - ax), round(by - ay)) == way


def test_the_keys_are_free_of_conflicts_and_held_ones_go_on() -> None:
    rows = shapes_rows()
    assert conflicts(rows) == ()
    assert len(rows) == 8
    assert all(row.repeats for row in rows)
