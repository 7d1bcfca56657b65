"""The actions of proposals: by need, above a limit, of a label, what the model said."""

from __future__ import annotations

from dataclasses import replace

from desktop_app.action import ActionRow, Desk
from desktop_app.judging import above, accept_these, below, label_at, of_label, reject_these, score_at
from desktop_app.session import Session

MANY_GROUP = 4
"""Below the marks of the menu."""


def proposals_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return (
        ActionRow(
            "accept-next",
            "Accept all shown and go on",
            lambda d: accept_and_go_on(d.session),
            ("G",),
            menu="Findings",
            icon="check-all",
            tip="This case is right: accept everything shown, and open the next",
            can=lambda s: s.scan is not None,
        ),
        *_steps(),
        *_many(),
    )


def _steps() -> tuple[ActionRow, ...]:
    return (
        ActionRow(
            "next-proposal",
            "Next proposal by need",
            lambda d: d.session.stepping.step(1),
            ("U",),
            menu="Findings",
            icon="right",
            tip="Go to the open proposal that the model is least sure of; what you accept or reject leads to the next",
            can=_has_proposals,
            repeats=True,
        ),
        ActionRow(
            "previous-proposal",
            "Previous proposal by need",
            lambda d: d.session.stepping.step(-1),
            ("Shift+U",),
            menu="Findings",
            icon="left",
            tip="Go back to the open proposal before, which the model is less sure of",
            can=_has_proposals,
            repeats=True,
        ),
        ActionRow(
            "show-proposed",
            "Show what the model said",
            lambda d: toggle_proposed(d.session),
            ("Y",),
            menu="View",
            group=2,
            icon="history",
            tip="Draw proposals that were corrected or rejected dotted behind what was made of them",
            can=lambda s: s.scan is not None,
            is_on=lambda s: s.display.show_proposed,
        ),
    )


def _many() -> tuple[ActionRow, ...]:
    return (
        ActionRow(
            "accept-above",
            "Accept all above…",
            accept_above,
            ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
            menu="Findings",
            group=MANY_GROUP,
            icon="check-all",
            tip="Accept the shown proposals that score at least as much as the selected one, or as you say",
            can=_has_proposals,
        ),
        ActionRow(
            "reject-below",
            "Reject all below…",
            reject_below,
            menu="Findings",
            group=MANY_GROUP,
            tip="Reject the shown proposals that score less than the selected one, or than you say",
            can=_has_proposals,
        ),
        ActionRow(
            "accept-label",
            "Accept all of this label",
            lambda d: accept_these(d.session, of_label(d.session, label_at(d.session))),
            menu="Findings",
            group=MANY_GROUP,
            tip="Accept the shown proposals with the label of the selected one, or the label in hand",
            can=_has_proposals,
        ),
        ActionRow(
            "reject-label",
            "Reject all of this label",
            lambda d: reject_these(d.session, of_label(d.session, label_at(d.session))),
            menu="Findings",
            group=MANY_GROUP,
            tip="Reject the shown proposals with the label of the selected one, or the label in hand",
            can=_has_proposals,
        ),
    )


def _has_proposals(session: Session) -> bool:
    return bool(session.shown_proposals)


def accept_and_go_on(session: Session) -> None:
    """Take every proposal that is shown, and open the next case."""
    session.accept_all()
    session.next_case()


def toggle_proposed(session: Session) -> None:
    """Show what the model said behind what was made of it, or only what was made of it."""
    session.set_display(replace(session.display, show_proposed=not session.display.show_proposed))


def accept_above(desk: Desk) -> None:
    """Accept from the score of the selected proposal on; where none is selected it is asked for."""
    session = desk.session
    score = score_at(session)
    score = desk.ask_score("accept") if score is None else score
    if score is not None:
        accept_these(session, above(session, score))


def reject_below(desk: Desk) -> None:
    """Reject what scores less than the selected proposal; where none is selected the score is asked for."""
    session = desk.session
    score = score_at(session)
    score = desk.ask_score("reject") if score is None else score
    if score is not None:
        reject_these(session, below(session, score))
