"""Annotations of the open scan from and to files of other programs (QuPath's GeoJSON), as jobs of the session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from dataset.document import Edit
from desktop_app.session import Session
from imaging.progress import Progress

if TYPE_CHECKING:
    from dataset.qupath import Imported

READS = "Annotations (*.geojson *.json *.gz *.zip)"
WRITES = "GeoJSON (*.geojson)"


class MarksExchange(QObject):
    """Takes marks in and writes them out; a file that was taken in is written in the form it had."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._came_as: dict[str, Imported] = {}

    def take_in(self, path: Path) -> None:
        """Put the marks of a file on the open scan, as one edit; marks with the same ids are replaced."""
        session, key = self._session, self._session.scan_key
        known, author = session.labels, session.author

        def work(_progress: Progress) -> Imported:
            from dataset.qupath import read_geojson

            return read_geojson(path, known, author=author)

        def then(found: Imported) -> None:
            if session.scan_key != key:
                session.told.emit(f"{path.name} was not imported: another scan is open by now")
                return
            self._came_as[key] = found
            session.add_labels(found.labels)
            count = len(found.annotations)
            session.commit(Edit(f"Import {count} annotation{'' if count == 1 else 's'}", put=found.annotations))
            session.told.emit(f"Imported {count} annotation{'' if count == 1 else 's'} from {path.name}")

        session.jobs.start(f"Importing {path.name}", work, then)

    def write_out(self, path: Path) -> None:
        """Write the annotations of the open scan; proposals nobody accepted are none."""
        session = self._session
        marks, labels, came = session.document.annotations, session.labels, self._came_as.get(session.scan_key)

        def work(_progress: Progress) -> int:
            from dataset.durable import replace_file, told
            from dataset.qupath_write import write_geojson

            is_many = came is not None and came.form in {"collection", "list"}
            form, members = (came.form, came.members) if came is not None and is_many else ("collection", None)
            content = write_geojson(marks, labels, form, members)
            with told(path):
                replace_file(path, content)
            return len(marks)

        def then(count: int) -> None:
            session.told.emit(f"Wrote {count} annotation{'' if count == 1 else 's'} to {path.name}")

        session.jobs.start(f"Writing {path.name}", work, then)
