"""How the list of findings is sorted and filtered. Arrays, because there may be very many. No widgets."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dataset.annotation import Annotation
from desktop_app.finding_words import STATES, state_of
from desktop_app.findings import numbered
from desktop_app.limits import Limits
from desktop_app.tool import Mark

Sort = Literal["plane", "drawn", "need", "score", "label", "newest", "author"]
SORTS: tuple[tuple[Sort, str, str], ...] = (
    ("plane", "By plane", "Plane after plane, and as they were drawn on each"),
    ("drawn", "As drawn", "In the order in which they were proposed or drawn"),
    ("need", "Uncertain first", "Open proposals closest to the limit of their label first"),
    ("score", "Highest score first", "Order the list by score instead of by place"),
    ("label", "By label", "Label after label"),
    ("newest", "Newest first", "What was made last first"),
    ("author", "By author", "Person after person, model after model"),
)
USUAL = frozenset(STATES) - {"rejected"}
_LABEL, _SCORE = attrgetter("label"), attrgetter("score")


@dataclass(frozen=True, slots=True)
class Filter:
    """What is listed."""

    text: str = ""
    """Words that all stand in the label, the author or the state."""
    states: frozenset[str] = USUAL
    labels: frozenset[str] = frozenset()
    """Ids of labels; empty for all."""

    @property
    def is_usual(self) -> bool:
        """Whether everything is listed but what was rejected."""
        return not self.text.strip() and self.states == USUAL and not self.labels

    def toggling_state(self, state: str) -> Filter:
        """With marks of a state listed, or no longer."""
        return replace(self, states=self.states ^ {state})

    def toggling_label(self, label: str) -> Filter:
        """With a label among those listed alone, or no longer."""
        return replace(self, labels=self.labels ^ {label})


class Facts:
    """What some marks are sorted and filtered by; each is worked out when it is asked for first."""

    def __init__(
        self,
        marks: tuple[Mark, ...],
        rejected: AbstractSet[str],
        author: Callable[[Mark], str],
        made: Callable[[Mark], datetime | None],
    ) -> None:
        self.marks = marks
        self._rejected, self._author, self._made = rejected, author, made

    @cached_property
    def labels(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Label ids as numbers, and what each number stands for."""
        return numbered(map(_LABEL, self.marks))

    @cached_property
    def authors(self) -> tuple[NDArray[np.int32], tuple[str, ...]]:
        """Authors as numbers, and what each number stands for."""
        return numbered(map(self._author, self.marks))

    @cached_property
    def states(self) -> NDArray[np.int32]:
        """Numbers in `STATES`."""
        number = {state: place for place, state in enumerate(STATES)}
        rejected = self._rejected
        return np.fromiter((number[state_of(mark, rejected)] for mark in self.marks), np.int32, len(self.marks))

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """The score of each; those without have -1."""
        given = (-1.0 if score is None else score for score in map(_SCORE, self.marks))
        return np.fromiter(given, np.float64, len(self.marks))

    @cached_property
    def _kinds(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which labels, authors and states there are together, as numbers, and which of them each mark is."""
        (labels, _), (authors, names) = self.labels, self.authors
        codes = (labels.astype(np.int64) * max(len(names), 1) + authors) * len(STATES) + self.states
        found, each = np.unique(codes, return_inverse=True)
        return found, each.astype(np.int64).reshape(-1)

    def passing(
        self, wanted: Filter, label_name: Callable[[str], str], said: Callable[[str], str]
    ) -> NDArray[np.bool_]:
        """Which marks are listed, shape (n,). `said` gives a state as it is shown."""
        found, each = self._kinds
        words = wanted.text.casefold().split()
        (_, labels), (_, authors) = self.labels, self.authors
        passes = np.zeros(len(found), np.bool_)
        for number, code in enumerate(found):
            rest, state = divmod(int(code), len(STATES))
            label, author = divmod(rest, max(len(authors), 1))
            if STATES[state] not in wanted.states or (wanted.labels and labels[label] not in wanted.labels):
                continue
            text = f"{label_name(labels[label])} {authors[author]} {STATES[state]} {said(STATES[state])}".casefold()
            passes[number] = all(word in text for word in words)
        return passes[each]

    def order(self, sort: Sort, limits: Limits, label_name: Callable[[str], str]) -> NDArray[np.int64]:
        """Their numbers in order; those that are alike stay as they are."""
        if sort == "score":
            key = -self.scores
        elif sort == "need":
            key = np.abs(self.scores - limits.each(*self.labels))
            key[self.states != STATES.index("proposed")] = np.inf
        elif sort == "label":
            key = _ranked(self.labels, label_name)
        elif sort == "author":
            key = _ranked(self.authors, str)
        elif sort == "newest":
            key = -self._times
        else:
            return np.arange(len(self.marks))
        return np.argsort(key, kind="stable")

    @cached_property
    def _times(self) -> NDArray[np.float64]:
        """Seconds since 1970; what is still being read is newest."""
        known: dict[int, float] = {}
        return np.fromiter((self._seconds(mark, known) for mark in self.marks), np.float64, len(self.marks))

    def _seconds(self, mark: Mark, known: dict[int, float]) -> float:
        moment = mark.created if isinstance(mark, Annotation) else self._made(mark)
        if moment is None:
            return np.inf
        # All proposals of a prediction share one moment.
        seconds = known.get(id(moment))
        if seconds is None:
            seconds = known[id(moment)] = moment.timestamp()
        return seconds


def _ranked(each: tuple[NDArray[np.int32], tuple[str, ...]], name: Callable[[str], str]) -> NDArray[np.float64]:
    """Numbers that sort as the names do."""
    numbers, words = each
    ranks = np.zeros(len(words))
    for rank, number in enumerate(sorted(range(len(words)), key=lambda n: (name(words[n]).casefold(), words[n]))):
        ranks[number] = rank
    return ranks[numbers] if len(words) else np.zeros(len(numbers))
