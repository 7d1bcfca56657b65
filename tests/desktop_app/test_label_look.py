"""How labels are shown: told apart by colour-blind readers, and never kept."""

from itertools import combinations

import pytest

from dataset.label import Label, LabelSet
from desktop_app.label_look import PATTERNS, SAFE_COLOURS, LabelLook
from tests.desktop_app.conftest import Reader, prediction, proposal, volume

LABELS = LabelSet("", tuple(Label(f"l{n}", f"L{n}", "#123456") for n in range(40)))


def test_given_colours_are_those_of_the_label_set() -> None:
    assert all(LabelLook().shown(label, LABELS) is label for label in LABELS.labels)
    assert {LabelLook().pattern(label, LABELS) for label in LABELS.labels} == {0}


def test_forty_labels_differ_in_colour_or_pattern() -> None:
    look = LabelLook("safe", patterns=True)
    shown = {(look.shown(label, LABELS).colour, look.pattern(label, LABELS)) for label in LABELS.labels}
    assert len(shown) == len(SAFE_COLOURS) * PATTERNS == 40


def test_a_label_that_the_set_lacks_keeps_its_colour() -> None:
    assert LabelLook("safe", patterns=True).shown(Label("x", "x", "#9aa4b2"), LABELS).colour == "#9aa4b2"


def _seen(colour: str, matrix: tuple[tuple[float, ...], ...]) -> tuple[float, ...]:
    """A colour as a colour-blind reader sees it (linear RGB), by Viénot, Brettel and Mollon (1999)."""
    linear = [(int(colour[i : i + 2], 16) / 255) ** 2.2 for i in (1, 3, 5)]
    return tuple(sum(m * c for m, c in zip(line, linear, strict=True)) for line in matrix)


PROTAN = ((0.11238, 0.88762, 0.0), (0.11238, 0.88762, 0.0), (0.00401, -0.00401, 1.0))
DEUTAN = ((0.29275, 0.70725, 0.0), (0.29275, 0.70725, 0.0), (-0.02234, 0.02234, 1.0))


@pytest.mark.parametrize("matrix", [PROTAN, DEUTAN], ids=["protan", "deutan"])
def test_safe_colours_stay_apart_for_those_who_see_no_red_or_green(matrix: tuple[tuple[float, ...], ...]) -> None:
    for first, second in combinations(SAFE_COLOURS, 2):
        one, other = (tuple(max(c, 0) ** (1 / 2.2) for c in _seen(colour, matrix)) for colour in (first, second))
        assert sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5 > 0.12, (first, second)


@pytest.mark.gui
def test_safe_colours_are_shown_and_never_kept(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[tuple[Label, ...]] = []
    reader.open(volume(), prediction(proposal(1)))
    reader.session.set_label_look(LabelLook("safe", patterns=True))
    assert reader.session.label_of("disc").colour == SAFE_COLOURS[0]
    shown = reader.window.pane.view._marks
    assert [(mark.colour, mark.pattern) for mark in shown] == [(SAFE_COLOURS[0], 1)]
    monkeypatch.setattr(reader.session.saving, "save", lambda *said, **_facts: kept.append(said[1]))
    reader.session.accept_all()
    reader.session.save()
    assert [label.colour for label in kept[-1]] == ["#4cc9f0"]
    assert reader.session.labels.get("disc") == reader.dataset.labels.get("disc")
