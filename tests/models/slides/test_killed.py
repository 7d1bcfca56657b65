"""A reading that is killed goes on where it was; the real model gives one answer whatever the blocks."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imaging.opening import open_scan
from imaging.progress import silent
from models.cache import ANSWERS
from models.catalogue import LIBRARY
from tests.models.slides.made import MadeSlide, blobs, instances, predictor, told

READ = """
import sys
from pathlib import Path
from imaging.progress import silent
from tests.models.slides.made import MadeSlide, blobs, predictor
slide = MadeSlide(blobs(900, 700))
tile = slide.tile
def slowly(*place):
    import time
    time.sleep(0.02)
    return tile(*place)
slide.tile = slowly
predictor(Path(sys.argv[1]), block=32, resume=Path(sys.argv[2])).predict(slide, "k", None, silent())
"""


@pytest.mark.slow
def test_a_reading_that_is_killed_goes_on_where_it_was_and_ends_the_same(tmp_path):
    package, kept = instances(tmp_path / "cells"), tmp_path / "kept"
    for _ in range(2):
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        child = subprocess.Popen([sys.executable, "-c", READ, str(package), str(kept)], env=environment)
        before = len(list(kept.glob("*/*.block")))
        until = time.monotonic() + 60
        while len(list(kept.glob("*/*.block"))) < before + 20 and time.monotonic() < until:
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        assert child.wait(30) == -signal.SIGKILL
    slide = MadeSlide(blobs(900, 700))
    reference = predictor(package, block=200).predict(slide, "", None, silent())
    whole, slide.reads = slide.reads, 0
    ANSWERS.forget()
    again = predictor(package, block=32, resume=kept).predict(slide, "k", None, silent())
    assert told(again) == told(reference)
    assert slide.reads > 0
    assert whole > 0
    assert not kept.exists()


@pytest.mark.slow
def test_nuclei_are_the_same_for_all_blocks_and_orders_on_a_real_slide(data):
    slide = open_scan(data / "wsi" / "CMU-1-Small-Region.svs")
    package = max((LIBRARY / "nuclei").iterdir())
    size = slide.info.size

    def anywhere():
        return random.random() * size.columns, random.random() * size.rows

    answers = []
    for choices in ({"order": "rows"}, {"block": 200, "centre": anywhere}, {"block": 3000}):
        ANSWERS.forget()
        answers.append(told(predictor(package, **choices).predict(slide, "", None, silent())))
    assert len(answers[0]) > 4000
    assert answers[0] == answers[1] == answers[2]
    slide.close()
