"""Adjudicating: what two readers said, side by side, and deciding between them, as edits. Pure.

A decision is only what the document holds: when it is undone, it is open again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from dataset.agreement import Agreement, Difference
from dataset.annotation import Annotation
from dataset.document import Edit, Snapshot
from desktop_app.looking import Looked

Choice = Literal["a", "b", "both", "neither"]
COLOUR_A, COLOUR_B = "#56b4e9", "#e69f00"
"""Sky blue and orange of Okabe and Ito: told apart with every kind of colour vision; B is dashed as well."""
WORDS: dict[str, str] = {
    "only A": "Only A has it",
    "only B": "Only B has it",
    "label": "Different labels",
    "outline": "Drawn differently",
}
MOST_AGREED = 2000
"""Where more marks agree, only the differences are shown: the others would hide them, and take their time."""
Get = Callable[[str], Annotation | None]
"""The mark of the open document with an id."""


def wanted(difference: Difference, choice: Choice) -> tuple[dict[str, Annotation], set[str]]:
    """The marks that the document has after a decision, by id, and the ids that it has not."""
    a, b, beside = difference.a, difference.b, difference.b_beside
    has: list[Annotation | None] = []
    if choice == "a":
        has = [a]
    elif choice == "b":
        has = [b]
    elif choice == "both":
        has = [a, beside]
    marks = {mark.id: mark for mark in has if mark is not None}
    return marks, {mark.id for mark in (a, b, beside) if mark is not None} - marks.keys()


def stands(difference: Difference, choice: Choice, get: Get) -> bool:
    """Whether the document is as a decision made it."""
    has, lacks = wanted(difference, choice)
    return all(get(mark.id) == mark for mark in has.values()) and all(get(mark_id) is None for mark_id in lacks)


def take_edit(difference: Difference, choice: Choice, get: Get) -> Edit:
    """Decide on one difference."""
    has, lacks = wanted(difference, choice)
    titles = {"a": "Take A's", "b": "Take B's", "both": "Take both", "neither": "Take neither"}
    put = tuple(mark for mark in has.values() if get(mark.id) != mark)
    return Edit(titles[choice], put, tuple(mark_id for mark_id in sorted(lacks) if get(mark_id) is not None))


def agreed_edit(agreement: Agreement, a: Snapshot, b: Snapshot, get: Get) -> Edit:
    """Take what both said, as A drew it, and reject the proposals that both rejected."""
    keep = {mark.id for mark, _ in agreement.agreed}
    put = tuple(mark for mark, _ in agreement.agreed if get(mark.id) != mark)
    gone = tuple(other.id for _, other in agreement.agreed if other.id not in keep and get(other.id) is not None)
    return Edit("Take what both agree on", put, gone, tuple(sorted(a.rejected & b.rejected)))


def looked_at(
    agreement: Agreement, at: int, choices: Mapping[int, Choice], name: Callable[[str], str]
) -> tuple[Looked, ...]:
    """What is shown: A's marks solid, B's dashed; the difference at hand strong, what is decided as it was decided."""
    shown: list[Looked] = []
    for a, b in agreement.agreed if len(agreement.agreed) <= MOST_AGREED else ():
        shown.append(Looked(a, COLOUR_A, name(a.label), is_quiet=True))
        shown.append(Looked(b, COLOUR_B, "", is_dashed=True, is_quiet=True))
    for number, difference in enumerate(agreement.differences):
        choice, strong = choices.get(number), number == at
        if choice is None:
            shown += _sides(difference, name, is_strong=strong)
            continue
        taken = wanted(difference, choice)[0].values()
        for mark in taken:
            is_b = mark is not difference.a
            shown.append(Looked(mark, COLOUR_B if is_b else COLOUR_A, f"✓ {name(mark.label)}", is_strong=strong))
    return tuple(shown)


def _sides(difference: Difference, name: Callable[[str], str], *, is_strong: bool) -> Iterable[Looked]:
    if difference.a is not None:
        yield Looked(difference.a, COLOUR_A, f"A · {name(difference.a.label)}", is_strong=is_strong)
    if difference.b is not None:
        text = f"B · {name(difference.b.label)}"
        yield Looked(difference.b, COLOUR_B, text, is_dashed=True, is_strong=is_strong)


def ids_of(agreement: Agreement) -> frozenset[str]:
    """Ids of every mark that is compared: hidden in the document while they are shown side by side."""
    found = {mark.id for pair in agreement.agreed for mark in pair}
    for difference in agreement.differences:
        found |= {m.id for m in (difference.a, difference.b, difference.b_beside) if m is not None}
    return frozenset(found)
