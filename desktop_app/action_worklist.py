"""The actions of the worklist beyond next and previous."""

from __future__ import annotations

from desktop_app.action import ActionRow
from desktop_app.session import Session


def worklist_rows() -> tuple[ActionRow, ...]:
    """All of them, in the order of the menus."""
    return (
        ActionRow(
            "next-by-need",
            "Next case that needs a person",
            lambda d: open_neediest(d.session),
            ("Shift+D",),
            menu="Scan",
            tip="Go to the open case that readers disagree on, or that the model is least sure about",
            can=lambda s: bool(s.cases),
        ),
        ActionRow(
            "read-ahead",
            "Read ahead",
            lambda d: d.session.read_ahead.toggle(),
            ("Ctrl+Alt+R",),
            menu="Model",
            tip="Let the chosen model read the next cases while you read",
            can=lambda s: s.dataset is not None and bool(s.model),
            is_on=lambda s: s.read_ahead.is_on,
        ),
    )


def open_neediest(session: Session) -> None:
    """Open the open case that needs a person most; say so where there is none."""
    number = session.worklist.neediest()
    if number >= 0:
        session.open_case(number)
    else:
        session.save()
        session.told.emit("No other case is open: all are done")
