"""One action for each operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from desktop_app.action import ActionRow, Desk
from desktop_app.operation import Operation
from desktop_app.session import Session

FIRST_GROUP = 10
"""Operations stand below what locks and hides marks."""


def operation_rows(operations: Iterable[Operation]) -> tuple[ActionRow, ...]:
    """The rows, group by group."""
    ordered = sorted(operations, key=lambda item: (item.group, item.title))
    return tuple(
        ActionRow(
            f"operation-{item.name}",
            item.title,
            _runner(item.name),
            item.keys,
            menu="Marks",
            group=FIRST_GROUP + item.group,
            icon=item.icon,
            tip=item.tip,
            can=_asker(item.name),
        )
        for item in ordered
    )


def _runner(name: str) -> Callable[[Desk], object]:
    return lambda desk: desk.session.operating.run(name)


def _asker(name: str) -> Callable[[Session], bool]:
    return lambda session: session.operating.can(name)
