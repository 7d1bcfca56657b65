"""What comes in and goes out beside scans: models imported, datasets exported and synced, as jobs of the session."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from desktop_app.jobs import Job
from desktop_app.session import Session
from imaging.errors import Problem
from imaging.progress import Progress

DOCTOR_SECONDS = 300


def is_model(path: Path) -> bool:
    """Whether a dropped path is a model rather than a scan: a weights file, or a folder with a manifest."""
    manifests = ("model.json", "pipeline.json", "rdf.yaml", "bioimageio.yaml")
    return path.suffix.lower() == ".onnx" or (path.is_dir() and any((path / name).is_file() for name in manifests))


def import_models(session: Session, paths: Iterable[Path]) -> None:
    """Make packages of models, one job each; what a file does not say of itself is told as a problem."""
    for path in paths:

        def work(progress: Progress, path: Path = path) -> str:
            from models.catalogue import user_folder
            from models.importer import Answers, import_model

            done = import_model(path, user_folder(), Answers(), progress)
            said = f"{done.package.ref} imported, {len(done.played)} test vectors pass"
            return ". ".join((said, *done.remarks))

        session.jobs.start(f"Importing {path.name}", work, lambda text: _imported(session, text))


def _imported(session: Session, text: str) -> None:
    session.told.emit(text)
    session.list_models()


def export_formats() -> tuple[tuple[str, str], ...]:
    """Title and name of every format a dataset can be exported in."""
    from export.writing import exporters

    return tuple((exporter.title, exporter.name) for exporter in exporters())


def export_dataset(session: Session, name: str, folder: Path) -> None:
    """Write the open dataset in a format."""
    dataset = session.dataset
    if dataset is None:
        return

    def work(progress: Progress) -> str:
        from export.writing import export, exporter_named, view_of

        report = export(view_of(dataset), exporter_named(name), folder, progress)
        return f"Exported {report.scans} scans to {folder}"

    session.save()
    session.keeping.flush()
    session.jobs.start(f"Exporting as {name}", work, session.told.emit)


def send_upstream(session: Session, url: str) -> None:
    """Bring the open dataset upstream."""
    dataset = session.dataset
    if dataset is None:
        return

    def work(progress: Progress) -> str:
        from export.sync import sync_dataset
        from export.synced import SyncMemory, memory_place
        from export.upstream import connect

        destination = connect(url)
        memory = SyncMemory(memory_place(dataset.folder, destination.where))
        report = sync_dataset(dataset, destination, progress, memory=memory)
        return f"{report.transferred} objects sent, {report.unchanged} unchanged: {destination.where}"

    session.save()
    session.keeping.flush()
    session.jobs.start("Syncing", work, session.told.emit)


def ask_doctor(session: Session, then: Callable[[str], None]) -> Job[str]:
    """What `overread doctor` says, from a process of its own: trying devices may take seconds, or fail hard."""

    def work(progress: Progress) -> str:
        import subprocess

        words = [sys.executable, "-m", "desktop_app.commandline", "doctor"]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        forget = progress.when_cancelled(process.kill)
        try:
            text, _ = process.communicate(timeout=DOCTOR_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Problem("did not answer", "overread doctor", "Run it in a terminal") from None
        finally:
            forget()
        progress.check()
        return text

    return session.jobs.start("Looking at devices", work, then)
