"""The actions of proposals: by need, above a limit, what the model said."""

from __future__ import annotations

from desktop_app.action import ActionRow
from desktop_app.session import Session


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
    )


def accept_and_go_on(session: Session) -> None:
    """Take every proposal that is shown, and open the next case."""
    session.accept_all()
    session.next_case()
