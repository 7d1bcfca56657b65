"""How long the GUI thread is ever held up while a model runs and a sync goes on.

`python -m tests.benchmarks.bench_gui_thread`: opens a generated volume in the real window, lets the disc pipeline
read it and syncs the dataset to a local folder at the same time. A heartbeat timer of 5 ms in the GUI thread measures
the longest pause between two beats; an idle stretch is measured first, for comparison. On Linux it also says what is
left of the pauses without the time the thread was ready and waited for a processor that other programs, or the jobs
themselves, had.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, QTimer

BEAT_MS = 5


class Heartbeat(QObject):
    """Remembers the pauses between beats of the GUI thread, in milliseconds."""

    def __init__(self, beaten: Callable[[], None] | None = None) -> None:
        """`beaten` is called with each beat."""
        super().__init__()
        self._beaten = beaten
        self.pauses: list[float] = []
        self.queued: list[float] = []
        self._queue = queue_ms()
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)

    def begin(self) -> None:
        self.pauses.clear()
        self.queued.clear()
        self._queue = queue_ms()
        self._last = time.perf_counter()
        self._timer.start()

    def _beat(self) -> None:
        now, queue = time.perf_counter(), queue_ms()
        self.pauses.append((now - self._last) * 1000)
        self.queued.append(queue - self._queue)
        self._last, self._queue = now, queue
        if self._beaten is not None:
            self._beaten()

    def told(self) -> str:
        own = [max(pause - queue, 0.0) for pause, queue in zip(self.pauses, self.queued, strict=True)]
        return f"{_told(self.pauses)}; without waiting for a processor: {_told(own)}"


def _told(pauses: list[float]) -> str:
    if not pauses:
        return "no beat"
    ordered = sorted(pauses)
    middle, late = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
    over = sum(pause > 50 for pause in ordered)
    return f"median {middle:.1f} ms, 99 % {late:.1f} ms, longest {ordered[-1]:.1f} ms, {over} over 50 ms"


def queue_ms() -> float:
    """How long this thread was ready to run and did not, in milliseconds; 0 where the system does not tell."""
    try:
        with open(f"/proc/self/task/{threading.get_native_id()}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e6
    except (OSError, IndexError):
        return 0.0


def wait_for(condition: object, seconds: float) -> bool:
    """Turn the event loop until a condition holds."""
    assert callable(condition)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        QCoreApplication.processEvents()
        if condition():
            return True
        time.sleep(0.001)
    return False


def main() -> None:
    """Print the pauses, idle and at work."""
    from desktop_app.app import Arguments, build, start
    from export.sync import sync_dataset
    from export.upstream import connect
    from imaging.progress import Progress
    from resources.samples import write_samples

    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        samples = write_samples(root / "samples")
        lumbar = next(path for path in samples if "lumbar" in path.name)
        arguments = Arguments(paths=(lumbar,), dataset=root / "dataset", home=root / "home", size=(1400, 900))
        _application, session, window = build(arguments)
        window.show()
        start(arguments, session)
        assert wait_for(lambda: session.scan is not None and not session.jobs.running, 60), "the scan did not open"
        heart = Heartbeat()
        heart.begin()
        wait_for(lambda: False, 3)
        print(f"idle                    {heart.told()}")
        rounds = 3

        def send(progress: Progress) -> None:
            assert session.dataset is not None
            for number in range(20):
                sync_dataset(session.dataset, connect(str(root / f"upstream{number}")), progress)

        heart.begin()
        for _ in range(rounds):
            session.predict("lumbar-discs")
            session.jobs.start("Sync", send, lambda _: None)
            wait_for(lambda: not session.jobs.running, 300)
        print(f"a model and a sync run  {heart.told()}")
        heart.begin()
        for step in range(200):
            if not session.jobs.running:
                session.predict("lumbar-discs")
            session.step_plane(1 if step % 40 < 20 else -1)
            wait_for(lambda: False, 0.02)
        session.jobs.cancel_all()
        wait_for(lambda: not session.jobs.running, 60)
        print(f"reading on meanwhile    {heart.told()}")
        window.close()
        session.close()


if __name__ == "__main__":
    main()
