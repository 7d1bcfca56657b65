"""A line of inputs through a network: prepared, run and decoded side by side, handed on in their order."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from imaging.progress import Progress
from models.runtime import Network, OutOfMemory, Outputs, Runner, core_count

Array: TypeAlias = NDArray[Any]
Token = TypeVar("Token")


@dataclass(frozen=True, slots=True)
class Work(Generic[Token]):
    """One input: what it is for, and what makes it (in any thread; `None` where it cannot be made)."""

    token: Token
    make: Callable[[], Array | None]


Decode: TypeAlias = Callable[[Outputs], Array]
Answer: TypeAlias = tuple[Work[Token], "Future[Array | None]"]


def flow(
    runner: Runner,
    works: Iterator[Work[Token]],
    decode: Decode,
    take: Callable[[Token, Array | None], None],
    progress: Progress,
) -> None:
    """Run every input; `take` gets what `decode` made of its outputs, in order, in this thread.

    `works` is drawn from in this thread, a little ahead of the network. Where memory ends, batches get smaller, then
    the processor goes on.
    """
    waiting: deque[Work[Token]] = deque()
    shrunk = 0
    while True:
        network, threads, batch = runner.stream()
        size = batch if network.batch else max(1, batch >> shrunk)
        line = _Line[Token](network, threads, size, decode, runner.stop, progress)
        try:
            works = itertools.chain(list(waiting), works)  # what was not taken before memory ended comes first
            line.run(works, waiting, take)
            return
        except OutOfMemory:
            if size > 1 and not network.batch:
                shrunk += 1
                runner.note(f"memory of {network.device} was not enough; continued with batches of {size // 2}")
            else:
                runner.fall_back()
                shrunk = 0
        finally:
            line.close()


class _Line(Generic[Token]):
    """The threads of one network."""

    def __init__(
        self, network: Network, threads: int, size: int, decode: Decode, stop: object, progress: Progress
    ) -> None:
        self._network, self._size, self._decode, self._stop = network, size, decode, stop
        self._progress = progress
        self._pool = ThreadPoolExecutor(threads, "overread-model")
        self._beside = ThreadPoolExecutor(core_count(), "overread-prepare") if size > 1 else None
        self._ahead = 3 * threads if size == 1 else 3 * size

    def run(
        self, works: Iterator[Work[Token]], waiting: deque[Work[Token]], take: Callable[[Token, Array | None], None]
    ) -> None:
        """Run the works. `waiting` holds those not yet taken, whatever happens."""
        waiting.clear()
        answers: deque[Future[Array | None]] = deque()
        group: list[Work[Token]] = []
        for work in works:
            waiting.append(work)
            if self._size == 1:
                answers.append(self._pool.submit(self._one, work))
            else:
                group.append(work)
                if len(group) == self._size:
                    answers.extend(self._batch(group))
                    group = []
            while len(answers) >= self._ahead:
                self._hand_on(waiting, answers, take)
        if group:
            answers.extend(self._batch(group))
        while answers:
            self._hand_on(waiting, answers, take)

    def close(self) -> None:
        """Let the threads end; what did not begin is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._beside is not None:
            self._beside.shutdown(wait=True, cancel_futures=True)

    def _hand_on(
        self,
        waiting: deque[Work[Token]],
        answers: deque[Future[Array | None]],
        take: Callable[[Token, Array | None], None],
    ) -> None:
        answer = answers[0].result()
        self._progress.check()
        answers.popleft()
        take(waiting.popleft().token, answer)

    def _one(self, work: Work[Token]) -> Array | None:
        self._progress.check()
        values = work.make()
        return None if values is None else self._decode(self._network.run(values, self._stop))

    def _batch(self, group: list[Work[Token]]) -> list[Future[Array | None]]:
        """Answers for a batch: made side by side, run in the network's own thread, decoded side by side."""
        beside = self._beside
        assert beside is not None
        made = [beside.submit(work.make) for work in group]
        answers: list[Future[Array | None]] = [Future() for _ in group]

        def decoded(place: int, outputs: Outputs) -> None:
            try:
                answers[place].set_result(self._decode(tuple(output[place : place + 1] for output in outputs)))
            except BaseException as error:  # noqa: BLE001 (raised where the answer is taken)
                answers[place].set_exception(error)

        def run() -> None:
            try:
                self._progress.check()
                parts = [one.result() for one in made]
                known = next((part for part in parts if part is not None), None)
                if known is None:
                    for answer in answers:
                        answer.set_result(None)
                    return
                # Always whole batches, so that an input's answer does not depend on how many came with it.
                rows = [np.zeros_like(known) if part is None else part for part in parts]
                rows += [np.zeros_like(known)] * (self._size - len(rows))
                outputs = self._network.run(np.concatenate(rows), self._stop)
            except BaseException as error:  # noqa: BLE001 (raised where the answers are taken)
                for answer in answers:
                    answer.set_exception(error)
                return
            for place, part in enumerate(parts):
                if part is None:
                    answers[place].set_result(None)
                else:
                    beside.submit(decoded, place, outputs)

        self._pool.submit(run)
        return answers
