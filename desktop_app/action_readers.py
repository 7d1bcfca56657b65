"""The actions of several readers, and of the history of a scan."""

from __future__ import annotations

from collections.abc import Callable

from dataset.readings import Hidden
from desktop_app.action import ActionRow, Desk
from desktop_app.adjudicating import Choice
from desktop_app.session import Session

MENU = "Review"


def readers_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return (*_compare_rows(), *_decide_rows(), *_review_rows(), *_blind_rows())


def _is_comparing(session: Session) -> bool:
    return session.readers.comparison is not None


def _has_difference(session: Session) -> bool:
    return session.readers.at >= 0


def _compare_rows() -> tuple[ActionRow, ...]:
    return (
        ActionRow(
            "compare-readers",
            "Compare readers",
            lambda d: d.session.readers.toggle(),
            ("Shift+C",),
            menu=MENU,
            icon="compare",
            tip="Show what two readers said side by side",
            can=lambda s: s.readers.can_compare or _is_comparing(s),
            is_on=_is_comparing,
        ),
        ActionRow(
            "next-difference",
            "Next difference",
            lambda d: d.session.readers.step(1),
            ("Alt+PgDown",),
            menu=MENU,
            icon="down",
            can=lambda s: bool(s.readers.differences),
            repeats=True,
        ),
        ActionRow(
            "previous-difference",
            "Previous difference",
            lambda d: d.session.readers.step(-1),
            ("Alt+PgUp",),
            menu=MENU,
            icon="up",
            can=lambda s: bool(s.readers.differences),
            repeats=True,
        ),
    )


def _decide_rows() -> tuple[ActionRow, ...]:
    def row(id_: str, text: str, choice: Choice, key: str, tip: str) -> ActionRow:
        return ActionRow(
            id_,
            text,
            lambda d: d.session.readers.take(choice),
            (key,),
            menu=MENU,
            group=1,
            tip=tip,
            can=_has_difference,
            is_on=lambda s: _has_difference(s) and s.readers.choice(s.readers.at) == choice,
        )

    return (
        row("take-a", "Take A's", "a", "Alt+1", "The difference at hand as A has it"),
        row("take-b", "Take B's", "b", "Alt+2", "The difference at hand as B has it"),
        row("take-both", "Take both", "both", "Alt+3", "What A has and what B has, beside each other"),
        row("take-neither", "Take neither", "neither", "Alt+0", "Neither what A has nor what B has"),
        ActionRow(
            "take-agreed",
            "Take all that both agree on",
            lambda d: d.session.readers.take_agreed(),
            menu=MENU,
            group=1,
            icon="check-all",
            tip="Put what both readers have into the document, as A drew it",
            can=lambda s: s.readers.comparison is not None and bool(s.readers.comparison.agreement.agreed),
        ),
    )


def _review_rows() -> tuple[ActionRow, ...]:
    return (
        ActionRow(
            "save-reviewed",
            "Save as reviewed",
            lambda d: d.session.readers.save_reviewed(),
            ("Ctrl+Shift+R",),
            menu=MENU,
            group=2,
            icon="save",
            tip="Save what was decided between the readers, or what somebody else finished, as reviewed",
            can=lambda s: _is_comparing(s) or s.readers.can_review,
        ),
        ActionRow(
            "approve",
            "Approve, then next to review",
            lambda d: d.session.readers.approve(),
            ("Ctrl+Return", "Ctrl+Enter"),
            menu=MENU,
            group=2,
            icon="check",
            tip="Say that what somebody else finished is right, as it is or as you corrected it",
            can=lambda s: s.scan is not None,
        ),
        ActionRow(
            "next-review",
            "Next case to review",
            lambda d: d.session.readers.next_to_review(),
            menu=MENU,
            group=2,
            icon="right",
            tip="The next case in the worklist that somebody else has finished",
            can=lambda s: bool(s.cases),
        ),
        ActionRow(
            "history",
            "History",
            lambda d: d.session.history.wanted.emit(),
            ("Ctrl+H",),
            menu=MENU,
            group=3,
            icon="history",
            tip="Every saved state of this scan: look, compare, go back",
            can=lambda s: s.scan is not None,
        ),
    )


def _blind_rows() -> tuple[ActionRow, ...]:
    def row(name: Hidden, text: str, tip: str) -> ActionRow:
        return ActionRow(
            f"hide-{name}",
            text,
            _toggling(name),
            menu=MENU,
            group=4,
            tip=tip,
            can=lambda s: s.dataset is not None,
            is_on=lambda s: name in s.blinds.blinding.hidden,
        )

    return (
        row("names", "Hide names", "Readers are numbered, and scans go by their keys"),
        row(
            "proposals",
            "Hide what models say",
            "No proposals, scores, heat maps or suspicion",
        ),
        row("others", "Hide other readers", "You start from your own work, and see nothing of what others said"),
    )


def _toggling(name: Hidden) -> Callable[[Desk], object]:
    return lambda desk: desk.session.blinds.toggle(name)
