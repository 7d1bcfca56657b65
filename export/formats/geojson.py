"""GeoJSON as QuPath reads it: one file of features for each scan."""

from __future__ import annotations

from pathlib import Path

from dataset.annotation import Annotation, WholeScan, geometry_plane
from dataset.qupath_write import write_geojson
from export.exporter import ExportView
from export.report import Tally
from imaging.progress import Progress


class GeoJson:
    """`<split>/<scan key>.geojson`, in full-resolution pixels. Masks become polygons along their pixels' edges.

    Marks that came from QuPath go back with everything they came with. A scan confirmed empty has an empty file.
    """

    name = "geojson"
    title = "GeoJSON (QuPath)"
    description = "One file of outlines, classes and measurements for each scan, slides too, without pixels (QuPath)"
    takes_measurements = True

    def write(self, view: ExportView, folder: Path, tally: Tally, progress: Progress) -> None:
        """Write the files."""
        for number, looked in enumerate(view.scans):
            progress.report(number, len(view.scans), looked.record.title)
            marks = [mark for mark in looked.snapshot.annotations if _has_outline(mark, tally)]
            if looked.snapshot.annotations and not marks:
                # An empty file would say that nothing is there, which nobody said.
                tally.leave_out("scans with marks, but none that has an outline")
                continue
            place = folder / looked.record.split / f"{looked.record.key}.geojson"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(write_geojson(marks, view.labels))
            for mark in marks:
                tally.mark(mark.id, mark.label)
            tally.scan(looked.record.key, looked.record.split, looked.revision.basis)


def _has_outline(mark: Annotation, tally: Tally) -> bool:
    plane = geometry_plane(mark.geometry)
    if isinstance(mark.geometry, WholeScan):
        tally.leave_out("labels of the whole scan, which have no outline")
    elif plane is not None and plane.axis != 0:
        tally.leave_out("marks on planes across the stored ones, which GeoJSON cannot name")
    else:
        return plane is not None
    return False


PLUGIN = GeoJson()
