"""W7: from process start until the window is painted and answers, against a bare PySide6 window.

Run: `python tests/benchmarks/bench_start.py [ROUNDS]`, under Xvfb (`xvfb-run -a`) or with QT_QPA_PLATFORM=offscreen.
Both are started in turn; the ratio is that of the medians. Also told: when nothing is under way any more (dataset open,
models listed). Bytecode is warm for both, as an installer leaves it. Must hold: painted and ready ≤ 4 × bare.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
BARE = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget
class Bare(QWidget):
    def paintEvent(self, event):
        QTimer.singleShot(0, ready)
def ready():
    print("painted", flush=True)
    application.quit()
application = QApplication(sys.argv)
window = Bare()
window.resize(1440, 900)
window.show()
application.exec()
"""
OVERREAD = """
from desktop_app import app, commandline
built = app.build
def build(arguments):
    application, session, window = built(arguments)
    from PySide6.QtCore import QTimer
    def painted():
        print("painted", flush=True)
        timer.start()
    def look():
        if not session.jobs.running:
            timer.stop()
            print("calm", flush=True)
            window.close()
    timer = QTimer(window, interval=5)
    timer.timeout.connect(look)
    window.painted.connect(lambda: QTimer.singleShot(0, painted))
    return application, session, window
app.build = build
commandline.main([])
"""


def seconds_until(code: str, words: tuple[str, ...], home: str) -> list[float]:
    """Seconds from starting a process until it says each word."""
    environment = os.environ | {
        "OVERREAD_HOME": home,
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": f"{home}/bytecode",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    times: list[float] = []
    for line in process.stdout:
        if line.strip() in words:
            times.append(time.perf_counter() - began)
    process.wait()
    assert len(times) == len(words), f"said {len(times)} of {words}"
    return times


def main() -> int:
    """Print the medians and the ratios; returns 0 when the reach holds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    bare: list[float] = []
    painted: list[float] = []
    calm: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        seconds_until(OVERREAD, ("painted", "calm"), home)
        seconds_until(BARE, ("painted",), home)
        for _ in range(rounds):
            bare += seconds_until(BARE, ("painted",), home)
            ours = seconds_until(OVERREAD, ("painted", "calm"), home)
            painted.append(ours[0])
            calm.append(ours[1])
    base = statistics.median(bare)
    for name, times in (
        ("bare PySide6 window", bare),
        ("overread, painted and ready", painted),
        ("nothing left", calm),
    ):
        middle = statistics.median(times)
        print(f"{name:30} {middle:6.3f} s   {middle / base:5.2f} ×   best {min(times):.3f}")
    return 0 if statistics.median(painted) <= 4 * base else 1


if __name__ == "__main__":
    sys.exit(main())
