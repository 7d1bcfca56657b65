"""A line of inputs through a network, one by one and in batches."""

import threading
from typing import Any

import numpy as np
import pytest

from imaging.progress import Cancelled, Progress, silent
from models.runtime import OutOfMemory, Runner
from models.slides.flow import Work, flow


class FakeNetwork:
    """Doubles its input; refuses batches beyond what its memory takes."""

    def __init__(self, device="cuda", batch=None, takes=100):
        self.device, self.batch, self.takes, self.input_shape = device, batch, takes, ()
        self.sizes = []
        self._lock = threading.Lock()

    def run(self, batch, _stop):
        with self._lock:
            self.sizes.append(len(batch))
        if len(batch) > self.takes:
            raise OutOfMemory
        return (batch * 2,)


class FakeRunner(Runner):
    """A runner on a device, then on the processor."""

    def __init__(self, network: Any, size=8) -> None:
        self._stop = None
        self.network, self.size, self.notes = network, size, []

    def stream(self) -> Any:
        return self.network, 2 if self.network.device == "cpu" else 1, self.network.batch or self.size

    def fall_back(self):
        self.notes.append("fell back")
        self.network, self.size = FakeNetwork("cpu"), 1

    def note(self, text):
        self.notes.append(text)


def ran(runner, count=21, missing=(), progress=None):
    """What is taken, in its order."""
    taken = []

    def works():
        for index in range(count):
            value = None if index in missing else np.full((1, 2), index, np.float32)
            yield Work(index, lambda value=value: value)

    flow(
        runner,
        works(),
        lambda outputs: outputs[0][0],
        lambda token, answer: taken.append((token, answer)),
        progress or silent(),
    )
    return [(token, None if answer is None else float(answer[0])) for token, answer in taken]


def expected(count=21, missing=()):
    return [(index, None if index in missing else 2.0 * index) for index in range(count)]


@pytest.mark.parametrize(("device", "size"), [("cpu", 1), ("cuda", 8), ("cuda", 1)])
def test_answers_come_in_order_and_what_cannot_be_made_has_none(device, size):
    runner = FakeRunner(FakeNetwork(device), size)
    assert ran(runner, missing=(0, 5, 20)) == expected(missing=(0, 5, 20))


def test_every_batch_is_whole_so_that_an_answer_does_not_depend_on_its_neighbours():
    runner = FakeRunner(FakeNetwork())
    assert ran(runner) == expected()
    assert set(runner.network.sizes) == {8}
    assert ran(runner, missing=range(21)) == expected(missing=range(21))


def test_batches_shrink_where_memory_ends_then_the_processor_goes_on_and_nothing_is_lost_or_doubled():
    small = FakeRunner(FakeNetwork(takes=3))
    assert ran(small) == expected()
    assert small.notes == [
        "memory of cuda was not enough; continued with batches of 4",
        "memory of cuda was not enough; continued with batches of 2",
    ]
    none = FakeRunner(FakeNetwork(takes=0))
    assert ran(none) == expected()
    assert none.notes[-1] == "fell back"
    fixed = FakeRunner(FakeNetwork(batch=4, takes=3))
    assert ran(fixed) == expected()
    assert fixed.notes == ["fell back"]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_line_is_stopped_and_its_threads_end(device):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        ran(FakeRunner(FakeNetwork(device), 1 if device == "cpu" else 8), progress=progress)
    assert not [one for one in threading.enumerate() if one.name.startswith(("overread-model", "overread-prepare"))]


def test_a_problem_in_making_an_input_is_raised_where_answers_are_taken():
    def broken():
        raise ValueError("broken")

    for device, size in (("cpu", 1), ("cuda", 4)):
        with pytest.raises(ValueError, match="broken"):
            flow(
                FakeRunner(FakeNetwork(device), size),
                iter([Work(1, broken)]),
                lambda outputs: outputs[0],
                lambda _token, _answer: None,
                silent(),
            )
