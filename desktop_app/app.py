"""The one place where the window's parts are put together, and where it runs."""

from __future__ import annotations

import getpass
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from desktop_app import theme, tools
from desktop_app.canvas.tile_engine import shared_engine
from desktop_app.collecting import Collecting
from desktop_app.main_window import MainWindow
from desktop_app.missing import Missing
from desktop_app.noticing import Noticing
from desktop_app.screenshot import Screenshot
from desktop_app.session import Session
from desktop_app.settings import SettingsFile, config_folder
from desktop_app.tool import Tool
from imaging.errors import Problem
from imaging.plugins import gather

SWITCH_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the window was started with."""

    paths: tuple[Path, ...] = ()
    dataset: Path | None = None
    """`None`: the reader's own dataset, in the data folder."""
    screenshot: Path | None = None
    size: tuple[int, int] | None = None
    model: str = ""
    home: Path | None = None
    """Where settings live, and the reader's own dataset; `None`: the system's places."""


def build(arguments: Arguments) -> tuple[QApplication, Session, MainWindow]:
    """Make application, session and window; nothing is shown or opened yet."""
    application = QApplication.instance() or QApplication(["overread"])
    assert isinstance(application, QApplication)
    application.setApplicationName("overread")
    application.setApplicationDisplayName("Overread")
    file = SettingsFile(arguments.home or config_folder())
    settings = file.settings
    look = theme.chosen(settings.theme, settings.scale)
    theme.apply(application, look)
    session = Session(gather(tools, Tool), settings.author or getpass.getuser())
    session.predicting.device = settings.device
    session.choose_model(arguments.model or settings.model)
    shared_engine().set_bound(settings.slide_memory * 2**20)
    window = MainWindow(session, file, look)
    Missing(session, window)
    theme.dress(application, look)
    if arguments.size is not None:
        window.resize(*arguments.size)
    if file.problem is not None:
        window.tell(file.problem)
    return application, session, window


def start(arguments: Arguments, session: Session) -> None:
    """Open what the arguments name; long work goes to jobs."""
    Collecting(session.jobs, session)
    Noticing(session, session)
    # A call into Qt lets go of the interpreter and waits up to this long for it while a job computes in Python; with
    # the usual 5 ms, one painting of the window could wait a hundred.
    sys.setswitchinterval(SWITCH_SECONDS)
    session.open_dataset(arguments.dataset or own_dataset(arguments.home))
    session.list_models()
    if arguments.paths:
        session.open_paths(arguments.paths)


def own_dataset(home: Path | None) -> Path:
    """Where corrections are kept when no dataset is named."""
    folder = home or (config_folder() if "OVERREAD_HOME" in os.environ else None)
    if folder is not None:
        return folder / "dataset"
    from platformdirs import user_data_path

    return user_data_path("overread", appauthor=False) / "dataset"


def run(arguments: Arguments) -> int:
    """Show the window until it is closed; returns the exit code. Raises `Problem` for a screenshot that failed."""
    old_hook, old_handler = sys.excepthook, qInstallMessageHandler(_on_qt_message)
    application, session, window = build(arguments)
    sys.excepthook = _Hook(window)
    failures: list[Problem] = []
    camera: Screenshot | None = None
    if arguments.screenshot is not None:
        session.problem_raised.connect(failures.append)
        camera = Screenshot(window, session, arguments.screenshot, arguments.model)

        def leave(problem: Problem | None) -> None:
            failures.extend([problem] if problem is not None else [])
            application.quit()

        camera.done.connect(leave)

    def begin() -> None:
        start(arguments, session)
        if camera is not None:
            camera.start()

    # Nothing competes with the first picture of the window.
    window.painted.connect(begin, Qt.ConnectionType.QueuedConnection)
    window.show()
    try:
        application.exec()
    finally:
        sys.excepthook = old_hook
        qInstallMessageHandler(old_handler)
        session.close()
    if failures:
        raise failures[0]
    return 0


class _Hook:
    """An error in a slot must not take the window down, nor pass unseen."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
        elif isinstance(error, Problem):
            self._window.tell(error)
        else:
            what = f"failed unexpectedly ({kind.__name__}: {error})"
            self._window.tell(Problem(what, advice="Edits are kept; go on, and restart if it comes again"))


def _on_qt_message(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    """Qt's warnings go to stderr in one line; its chatter goes nowhere."""
    is_chatter = "propagateSizeHints" in text  # the offscreen platform says so of every window
    if kind in {QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg} and not is_chatter:
        sys.stderr.write(f"overread: Qt: {text}\n")
