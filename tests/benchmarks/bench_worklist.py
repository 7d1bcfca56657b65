"""The worklist at 100,000 cases, against budgets.

`python -m tests.benchmarks.bench_worklist [COUNT]`: writes a dataset of so many scans to a temporary folder, opens it
twice (without and with its index) while a heartbeat looks how long the window is held up, then filters key by key,
sorts, scrolls page by page, changes rows, and goes to the case that needs a person most, all in the real window.
Prints each with its budget; a figure over its budget is marked.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from tests.benchmarks.bench_gui_thread import Heartbeat, wait_for
from tests.benchmarks.many_scans import key_of, write_many

KEYSTROKE_MS, PAGE_MS, OPEN_S, HELD_MS = 50.0, 8.0, 3.0, 50.0


def say(what: str, found: float, budget: float | None, unit: str = "ms") -> None:
    """One line."""
    bound = "" if budget is None else f"   budget {budget:g} {unit}{'' if found <= budget else '   OVER'}"
    sys.stdout.write(f"{what:46} {found:9.2f} {unit}{bound}\n")
    sys.stdout.flush()


def spent(work: Callable[[], object]) -> float:
    """Milliseconds that something takes."""
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def memory() -> float:
    """MiB held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Print everything."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        say(f"writing {count:,} scans", spent(lambda: write_many(root / "many", count)) / 1000, None, "s")
        opened(root, "opening without an index", None)
        opened(root, "opening again", OPEN_S)
        read(root)


def opened(root: Path, title: str, budget: float | None) -> None:
    """Open the dataset in a window of its own."""
    from desktop_app.app import Arguments, build, start

    arguments = Arguments(dataset=root / "many", home=root / "home", size=(1366, 768))
    _application, session, window = build(arguments)
    window.show()
    QCoreApplication.processEvents()
    before, heart, begun = memory(), Heartbeat(), time.perf_counter()
    whole = list[float]()
    session.worklist.whole.connect(lambda: whole.append(time.perf_counter() - begun))
    heart.begin()
    start(arguments, session)
    assert wait_for(lambda: bool(session.cases), 600), "the dataset did not open"
    say(f"{title}, first rows", time.perf_counter() - begun, None, "s")
    assert wait_for(lambda: bool(whole), 1200), "the list did not come to its end"
    say(f"{title}, all {len(session.cases):,}", whole[0], budget, "s")
    wait_for(lambda: False, 2)
    say("  longest time the window was held up", max(heart.pauses), HELD_MS)
    sys.stdout.write(f"  beats: {heart.told()}\n")
    say("  memory more at most", memory() - before, None, "MiB")
    window.close()
    session.close()


def read(root: Path) -> None:
    """Filter, sort, scroll, change."""
    from desktop_app.app import Arguments, build
    from desktop_app.case_index import SORTS
    from desktop_app.panels.worklist import WorklistView

    _application, session, window = build(Arguments(home=root / "home", size=(1366, 768)))
    window.show()
    session.open_dataset(root / "many")
    whole = list[None]()
    session.worklist.whole.connect(lambda: whole.append(None))
    assert wait_for(lambda: bool(whole) and not session.jobs.running, 1200)
    say("rows", float(len(session.cases)), None, "")
    view = window.findChild(WorklistView)
    assert view is not None
    for text in ("dx 9e3", "state:unseen label:pneumonia 7", "zebra"):
        begun = [text[:end] for end in range(1, len(text) + 1)]
        strokes = [spent(lambda typed=typed: _typed(view, typed)) for typed in begun]
        say(f"a key stroke of “{text}”, slowest", max(strokes), KEYSTROKE_MS)
        say("  middle", sorted(strokes)[len(strokes) // 2], KEYSTROKE_MS)
    say("the filter cleared", spent(lambda: _typed(view, "")), KEYSTROKE_MS)
    for sort, title, _tip in SORTS:
        say(
            f"sort: {title.lower()}",
            spent(lambda sort=sort: (view.sort_by(sort), QCoreApplication.processEvents())),
            None,
        )
    view.sort_by("listed")
    bar, pages = view.list.verticalScrollBar(), list[float]()
    for step in range(200):
        bar.setValue(bar.maximum() * (step * 37 % 200) // 200)
        pages.append(spent(view.list.viewport().repaint))
    say("a page painted after a jump, slowest of 200", max(pages), PAGE_MS)
    say("  middle", sorted(pages)[100], PAGE_MS)
    wheel = list[float]()
    bar.setValue(0)
    for _ in range(300):
        bar.setValue(bar.value() + 40)
        wheel.append(spent(view.list.viewport().repaint))
    say("a page painted after a wheel step, slowest", max(wheel), PAGE_MS)
    keys, states = [key_of(number) for number in range(0, len(session.cases), 97)], ("labelled", "reviewed")
    one = [spent(lambda key=key: session.worklist.change_row(key, state=states[0])) for key in keys]
    say("a row changed, slowest", max(one), 1.0)
    say("  middle", sorted(one)[len(one) // 2], 1.0)
    say("the next case by need", spent(session.worklist.neediest), KEYSTROKE_MS)
    window.close()
    session.close()


def _typed(view: object, text: str) -> None:
    """Put a text into the filter and paint what it leaves."""
    view.filter.setText(text)  # type: ignore[attr-defined]
    view.list.viewport().repaint()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
