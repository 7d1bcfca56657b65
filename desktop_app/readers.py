"""Readers: several people's readings of the open scan, compared, decided between and reviewed; a part of the session.

No widgets here. What is found takes a job; what is decided is an edit of the open document, and undo takes it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, Signal

from dataset.agreement import Agreement, Difference, compare, presence_kappa
from dataset.annotation import bounds
from dataset.document import Snapshot
from dataset.heads import head_of
from dataset.measurement import without_measurements
from dataset.piecewise import collector_paused
from dataset.readings import Reading, may_review, readings_of
from dataset.record import SENT_BACK, Revision
from desktop_app.adjudicating import Choice, agreed_edit, ids_of, looked_at, stands, take_edit
from desktop_app.blinding import Blinds
from desktop_app.editing import MANY
from desktop_app.history import History
from desktop_app.one_job import OneJob
from desktop_app.saving import Grounds
from desktop_app.sitting import Sitting
from imaging.errors import Problem
from imaging.progress import Progress


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two readings side by side."""

    a: Reading
    b: Reading
    sides: tuple[Snapshot, Snapshot]
    """Their findings; what was measured is nobody's finding."""
    agreement: Agreement
    ids: frozenset[str]
    """Of every mark that is compared."""


@dataclass(frozen=True, slots=True)
class Kappas:
    """How two people agree on which labels a scan has, over all scans that both have finished."""

    scans: int = 0
    by_label: Mapping[str, float | None] = field(default_factory=dict[str, "float | None"])


class Readers(QObject):
    """The readings of the open scan, and what is made of them. Main thread only."""

    changed = Signal()

    def __init__(self, session: Sitting, history: History, blinds: Blinds) -> None:
        super().__init__(session)
        self._session, self._history, self._blinds = session, history, blinds
        self.chosen: tuple[str, str] = ("", "")
        """Authors of the two readings to compare; the two newest where they have none."""
        self.comparison: Comparison | None = None
        self.kappas = Kappas()
        self.at = -1
        """Number of the difference at hand, or -1."""
        self._choices: dict[int, Choice] = {}
        self._is_deciding = False
        self._comparing, self._counting = OneJob(self), OneJob(self)
        session.scan_changed.connect(self.stop)
        self._history.changed.connect(self._on_history)
        session.document_changed.connect(self._on_edited)
        session.labels_changed.connect(self._show)

    # What there is.

    @property
    def readings(self) -> tuple[Reading, ...]:
        """The readings that the reader may see, oldest first."""
        return readings_of(self._history.revisions)

    @property
    def head(self) -> Revision | None:
        """The revision that stands for the scan."""
        return head_of(self._history.revisions).revision

    @property
    def can_compare(self) -> bool:
        """Whether there are two readings to compare."""
        return len(self.readings) > 1

    @property
    def can_review(self) -> bool:
        """Whether the open scan waits for a second look by this reader."""
        return may_review(self.head, self._session.author)

    @property
    def pair(self) -> tuple[Reading, Reading] | None:
        """The two readings to compare."""
        known = {reading.author: reading for reading in self.readings}
        if len(known) < 2:
            return None
        if set(self.chosen) <= known.keys():
            return known[self.chosen[0]], known[self.chosen[1]]
        # Who decides between others has a reading of the own as soon as something is decided.
        others = [reading for author, reading in known.items() if author != self._session.author]
        newest = others if len(others) > 1 else list(known.values())
        return newest[-2], newest[-1]

    @property
    def is_deciding(self) -> bool:
        """Whether something was decided that is not saved as reviewed yet: then the scan is not done with."""
        return any(self.choice(number) is not None for number in self._choices)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What the two compared readers differ in."""
        return self.comparison.agreement.differences if self.comparison is not None else ()

    def choice(self, number: int) -> Choice | None:
        """What was decided on a difference, if the document still is so."""
        choice = self._choices.get(number)
        get = self._session.document.get
        return choice if choice is not None and stands(self.differences[number], choice, get) else None

    @property
    def open_count(self) -> int:
        """How many differences are not decided yet."""
        return sum(self.choice(number) is None for number in range(len(self.differences)))

    def _on_history(self) -> None:
        compared, pair = self.comparison, self.pair
        if compared is not None and pair is not None and (compared.a, compared.b) == pair:
            self.changed.emit()
        elif compared is not None and pair is not None:
            self.compare()
        else:
            self.stop()

    # Comparing.

    def toggle(self) -> None:
        """Compare, or show the document again."""
        if self.comparison is not None:
            self.stop()
        elif self.can_compare:
            self.compare()
        else:
            self._session.told.emit("There is only one reading of this scan that you may see")

    def choose(self, a: str, b: str) -> None:
        """Compare other people's readings."""
        if a != b and (a, b) != self.chosen:
            self.chosen = (a, b)
            if self.comparison is not None:
                self.compare()
            self.changed.emit()

    def stop(self) -> None:
        """Show the document again, and forget what was compared; what was decided stays in the document."""
        self._comparing.stop()
        self.comparison, self.at = None, -1
        self._choices = {}
        self._session.looking.clear(self)
        self.changed.emit()

    def compare(self) -> None:
        """Compare the two chosen readings."""
        pair, dataset, session = self.pair, self._session.dataset, self._session
        if pair is None or dataset is None:
            return
        a, b = pair

        def work(progress: Progress) -> Comparison:
            sides = tuple(without_measurements(dataset.snapshot(one.revision)) for one in (a, b))
            agreement = compare(sides[0], sides[1], progress=progress)
            return Comparison(a, b, (sides[0], sides[1]), agreement, ids_of(agreement))

        def then(found: Comparison) -> None:
            if session.scan_key == found.a.revision.scan:
                self._history.back()
                self.comparison, self._choices, self.at = found, {}, -1
                self._count(a.author, b.author)
                self.step(1) if found.agreement.differences else self._show()

        self._comparing.follow(session.jobs.start("Comparing two readers", work, then))

    def _count(self, a: str, b: str) -> None:
        dataset = self._session.dataset
        assert dataset is not None
        self.kappas = Kappas()

        def work(progress: Progress) -> Kappas:
            said: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
            for mine, theirs in dataset.read_by(a, b):
                progress.check()
                said.append((mine.revision.labels, theirs.revision.labels))
            return Kappas(len(said), presence_kappa(said))

        def then(found: Kappas) -> None:
            self.kappas = found
            self.changed.emit()

        self._counting.follow(self._session.jobs.start("Counting what both have read", work, then, quiet=True))

    def step(self, direction: int) -> None:
        """Go to the next difference, or the one before; round at the end."""
        count = len(self.differences)
        if count:
            self.go_to((self.at + direction) % count if self.at >= 0 else (0 if direction > 0 else count - 1))

    def go_to(self, number: int) -> None:
        """Show a difference where it is."""
        self.at = number
        difference = self.differences[number]
        plane, box = difference.plane, bounds(difference.mark.geometry)
        if plane is not None:
            self._session.set_plane(plane)
        if box is not None and self._session.info is not None and self._session.info.kind == "slide":
            self._session.slides.place_wanted.emit(box[0] + box[2] / 2, box[1] + box[3] / 2)
        self._show()

    def _show(self) -> None:
        compared, session = self.comparison, self._session
        if compared is not None:
            choices: dict[int, Choice] = {}
            for number in range(len(self.differences)):
                choice = self.choice(number)
                if choice is not None:
                    choices[number] = choice
            shown = looked_at(compared.agreement, self.at, choices, lambda label: session.label_of(label).name)
            session.looking.show(self, shown, compared.ids | {p.id for p in session.proposals})
        self.changed.emit()

    def _on_edited(self, _touched: object) -> None:
        if self.comparison is not None and not self._is_deciding:
            self._show()

    # Deciding.

    def take(self, choice: Choice) -> None:
        """Decide on the difference at hand, and go to the next that is open."""
        if not 0 <= self.at < len(self.differences):
            return
        session, number = self._session, self.at
        self._choices[number] = choice
        self._is_deciding = True
        session.commit(take_edit(self.differences[number], choice, session.document.get))
        self._is_deciding = False
        count = len(self.differences)
        following = [(number + step) % count for step in range(1, count + 1)]
        self.go_to(next((other for other in following if self.choice(other) is None), number))
        if self.open_count == 0:
            session.told.emit("Every difference is decided; save it as reviewed")

    def take_agreed(self) -> None:
        """Put what both said into the document, with one edit."""
        compared, session = self.comparison, self._session
        if compared is not None:
            edit = agreed_edit(compared.agreement, *compared.sides, session.document.get)
            with collector_paused(len(edit.put) > MANY):
                session.commit(edit)
            session.told.emit(f"{len(compared.agreement.agreed)} that both have are in the document")

    def save_reviewed(self) -> None:
        """Save the document as reviewed: it decides between the two readers that were compared."""
        compared, session = self.comparison, self._session
        if compared is None:
            self.approve()
            return
        if self.open_count:
            open_ones = [number for number in range(len(self.differences)) if self.choice(number) is None]
            self.go_to(open_ones[0])
            session.told.emit(f"{len(open_ones)} of {len(self.differences)} differences are not decided yet")
            return
        names = self._blinds.names_of(reading.author for reading in (compared.a, compared.b))
        why = f"Decided between {' and '.join(names.values())}"
        session.save_on(Grounds(reviewed=True, settles=(compared.a.revision.id, compared.b.revision.id), why=why))
        self.stop()
        session.told.emit("Saved as reviewed")

    # Reviewing what others finished.

    def approve(self) -> None:
        """Say that what stands is right, as it is or as it was corrected here, and go to the next that waits."""
        if self._may_review():
            is_changed = bool(self._session.document.undo_title)
            why = "Corrected on review" if is_changed else "Approved"
            self._session.save_on(Grounds(reviewed=True, why=why))
            self.next_to_review()

    def send_back(self, reason: str) -> None:
        """Give the scan back to its reader, who sees the reason, and go to the next that waits."""
        if self._may_review():
            why = SENT_BACK + (reason.strip() or "please look again")
            self._session.save_on(Grounds(finished=False, why=why, stays_open=True))
            self.next_to_review()

    def _may_review(self) -> bool:
        if self.can_review:
            return True
        head, session = self.head, self._session
        if head is None:
            what = "Nobody has read this scan yet"
        elif head.is_reviewed:
            what = "This scan is reviewed already"
        elif head.author == session.author:
            what = "You read this scan yourself: somebody else has to look at it"
        else:
            what = "Its reader is not done with this scan"
        session.told.emit(what)
        return False

    def next_to_review(self) -> None:
        """Open the next case, in the order of the worklist, that somebody else has finished."""
        session, worklist = self._session, self._session.worklist
        if self._blinds.blinding.others:
            told = Problem("are hidden from you", "Other readers", "Show them again in the menu Review to review cases")
            session.problem_raised.emit(told)
            return
        number = next(worklist.following(lambda row: _waits(row.state, row.readings, session.author)), -1)
        if number >= 0:
            session.open_case(number)
        else:
            session.told.emit("No other case waits for review")


def _waits(state: str, readings: tuple[tuple[str, float], ...], reviewer: str) -> bool:
    return state in {"labelled", "confirmed empty"} and bool(readings) and readings[-1][0] != reviewer
