"""The Qt binding: releases from 6.12 give `None` away with each call that returns nothing, until the process aborts."""

import subprocess
import sys

import PySide6

VOID_CALLS = """
import sys
from PySide6.QtCore import QObject
thing = QObject()
before = sys.getrefcount(None)
for _ in range(200_000):
    thing.setObjectName("a")
print(sys.getrefcount(None) - before)
"""


def test_the_binding_is_older_than_the_release_that_aborts() -> None:
    assert tuple(map(int, PySide6.__version__.split(".")[:2])) < (6, 12)


def test_calls_that_return_nothing_leave_none_as_it_was() -> None:
    ended = subprocess.run([sys.executable, "-c", VOID_CALLS], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    assert abs(int(ended.stdout)) < 1000  # a lost reference per call would be 200 000
