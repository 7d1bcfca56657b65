"""Finding things by a few letters of their names: prefix before word starts before any place before letters in order.

Pure, and quick enough to be asked for some hundred names with every key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

Thing = TypeVar("Thing")
Rank: TypeAlias = tuple[int, int, int]


def rank(query: str, name: str) -> Rank | None:
    """How well a name answers a query, smaller is better; `None` where it does not.

    (0, …) the name begins with it, (1, …) each of its words begins a word of the name, in order, or its letters are
    first letters of words, (2, …) it stands within the name, (3, …) its letters come in order. Then the letters left
    between them, then the length.
    """
    wanted, text = " ".join(query.casefold().split()), name.casefold()
    if not wanted:
        return (4, 0, 0)
    if text.startswith(wanted):
        return (0, 0, len(text))
    words = [word.strip("(…):") for word in text.split()]
    if _begin_words(wanted.split(), words) or "".join(word[:1] for word in words).startswith(wanted):
        return (1, 0, len(text))
    place = text.find(wanted)
    if place >= 0:
        return (2, place, len(text))
    gap = _gap(wanted.replace(" ", ""), text)
    return None if gap is None else (3, gap, len(text))


def _begin_words(wanted: list[str], words: list[str]) -> bool:
    rest = iter(words)
    return all(any(word.startswith(part) for word in rest) for part in wanted)


def _gap(letters: str, text: str) -> int | None:
    """Letters left out between the first and the last of those wanted, taken as early as they come."""
    place = first = -1
    for letter in letters:
        place = text.find(letter, place + 1)
        if place < 0:
            return None
        first = place if first < 0 else first
    gap = place - first + 1 - len(letters)
    return gap if gap <= 2 * len(letters) + 4 else None


def found(
    things: Iterable[Thing],
    query: str,
    names: Callable[[Thing], Iterable[str]],
    recent: Callable[[Thing], int],
    most: int,
) -> list[Thing]:
    """The things that answer a query, best first, at most some; of equals those chosen lately come first.

    `recent` gives 0 for what was chosen last, and large numbers for what was not. Without a query it alone orders.
    """
    ranked: list[tuple[int, int, Rank, int, Thing]] = []
    for number, thing in enumerate(things):
        ranks = [one for one in (rank(query, name) for name in names(thing)) if one is not None]
        if ranks:
            best = min(ranks)
            ranked.append((best[0], recent(thing), best, number, thing))
    ranked.sort(key=lambda entry: entry[:4])
    return [entry[4] for entry in ranked[:most]]
