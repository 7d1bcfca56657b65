"""Open every file of the real corpus, compare it with another reader, and tell; prints docs/formats.md's table.

`python -m tests.imaging.corpus > table.md`
"""

import multiprocessing
import os
import re
import sys
import traceback
from collections import Counter, defaultdict
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from imaging.errors import Problem
from imaging.opening import find_scans, open_scan
from imaging.scan import ScanInfo, TiledScan, Volume

FOLDERS = (
    "dicom",
    "dicom_series",
    "volumes",
    "lumbar",
    "image_sequence",
    "chest_xray/val",
    "dicom_broken",
    "broken",
    "wsi",
    "wsi_broken",
)
AS_WHOLE = (
    "dicom_series/ct_cmb_crc",
    "dicom_series/ct_head_slicer_64px",
    "dicom_series/mr_tcga_lihc",
    "image_sequence",
    "wsi/derived/cmu1_dicom_wsi",
)
SECONDS = 120
LOSSY = 3
"""Grey levels that two decoders of a lossy slide may differ by."""


@dataclass(frozen=True)
class Outcome:
    """What became of one path: `opened`, `refused`, or a failure (`traceback`, `hang`, `crash`)."""

    folder: str
    path: str
    outcome: str
    format: str = ""
    reason: str = ""
    reference: str = ""
    differences: tuple[str, ...] = ()
    slide: str = ""
    """The row of a slide in the table of slides."""


def data_folder() -> Path:
    """Where the corpus lies."""
    return Path(os.environ.get("OVERREAD_DATA", Path(__file__).parents[2].parent / "shared" / "data"))


def sweep(data: Path) -> list[Outcome]:
    """Every file on its own, then every series and stack as a whole; each in a process that can be stopped."""
    work = [(folder, path) for folder in FOLDERS for path in sorted((data / folder).rglob("*")) if path.is_file()]
    work += [(f"{folder} (whole)", data / folder) for folder in AS_WHOLE]
    found: list[Outcome] = []
    worker = _Worker()
    for folder, path in work:
        found += worker.look(folder, path)
    worker.stop()
    return found


class _Worker:
    """A process that opens files; replaced when it hangs or dies."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()

    def look(self, folder: str, path: Path) -> list[Outcome]:
        """The outcomes of one path."""
        self._pipe.send((folder, path))
        try:
            if self._pipe.poll(SECONDS):
                return self._pipe.recv()
            failure = "hang"
        except EOFError:
            failure = "crash"
        self._process.kill()
        self._start()
        return [Outcome(folder, str(path), failure)]

    def stop(self) -> None:
        """End the process."""
        self._process.kill()


def _serve(pipe: Connection) -> None:
    while True:
        folder, path = pipe.recv()
        pipe.send(outcomes(folder, path))


def outcomes(folder: str, path: Path) -> list[Outcome]:
    """What became of the scans of one path."""
    try:
        sources = find_scans([path])
    except Problem as problem:
        return [Outcome(folder, str(path), "refused", reason=problem.what)]
    except Exception:  # noqa: BLE001 - a traceback is what this sweep looks for
        return [Outcome(folder, str(path), "traceback", reason=traceback.format_exc())]
    found: list[Outcome] = []
    for source in sources:
        try:
            scan = open_scan(source)
            if isinstance(scan, TiledScan):
                found.append(_slide(folder, path, source.format, scan))
                continue
            assert isinstance(scan, Volume)
            differences, library = compare(scan.info, scan.voxels())
            found.append(Outcome(folder, str(path), "opened", scan.info.format, "", library, tuple(differences)))
        except Problem as problem:
            text = str(problem)
            assert "\n" not in text
            found.append(Outcome(folder, str(path), "refused", reason=problem.what))
        except Exception:  # noqa: BLE001 - a traceback is what this sweep looks for
            found.append(Outcome(folder, str(path), "traceback", reason=traceback.format_exc()))
    return found


def _slide(folder: str, path: Path, reader: str, scan: TiledScan) -> Outcome:
    """What became of a slide: its row, and how it differs from another reader's."""
    from tests.imaging.slide_references import compare_slide, described

    info = scan.info
    try:
        found = compare_slide(scan)
    finally:
        scan.close()
    differences = found.differences
    if found.greatest > LOSSY:
        differences = (*differences, f"tiles differ by up to {found.greatest} from {found.library}")
    row = described(info, path, reader, found)
    return Outcome(folder, str(path), "opened", f"{info.format} slide", "", found.library, differences, row)


def compare(info: ScanInfo, voxels: np.ndarray) -> tuple[list[str], str]:
    """How a scan differs from what another library reads, and which library that was."""
    from tests.imaging.references import reference_of

    other = reference_of(info)
    if other is None:
        return [], ""
    differences: list[str] = []
    pixels = np.asarray(other.pixels)
    ours = voxels if info.channels == 3 else voxels.astype(np.float64) * info.rescale.slope + info.rescale.intercept
    reordered = False
    if pixels.shape != ours.shape:
        differences.append(f"shape {ours.shape}, {other.library} has {pixels.shape}")
    else:
        apart = float(np.abs(ours.astype(np.float64) - pixels).max(initial=0))
        scale = max(1.0, float(np.abs(pixels).max(initial=0)))
        if apart > max(other.tolerance, 1e-6 * scale):
            reordered = bool(np.array_equal(ours[::-1], pixels))
            if not reordered:
                differences.append(f"pixels differ by up to {apart:g} from {other.library}")
    return differences + _grid_differences(info, other, reordered), other.library


def _grid_differences(info: ScanInfo, other, reordered: bool) -> list[str]:
    """How the grid differs; planes turned round are the same grid counted from the other end."""
    if info.affine is None or other.steps is None:
        return []
    matrix = info.affine.matrix
    count = min(len(other.steps), 3)
    steps, origin = np.zeros((3, 3)), np.zeros(3)
    steps[:count, :count] = np.asarray(other.steps)[:count, :count]
    origin[: len(other.origin)] = other.origin[:3]
    mine, start = matrix[:3, :3].copy(), matrix[:3, 3].copy()
    if reordered:
        start = start + mine[:, 2] * (info.size.planes - 1)
        mine[:, 2] = -mine[:, 2]
    differences: list[str] = []
    if count < 3:
        return [] if np.allclose(mine[:2, :2], steps[:2, :2], atol=1e-3) else ["in-plane steps differ"]
    if not np.allclose(mine[:, :2], steps[:, :2], atol=1e-3):
        differences.append(f"in-plane steps {mine[:, :2].tolist()}, {other.library} {steps[:, :2].tolist()}")
    if info.size.planes > 1 and not np.allclose(mine[:, 2], steps[:, 2], atol=2e-2):
        differences.append(f"step between planes {mine[:, 2].tolist()}, other {steps[:, 2].tolist()}")
    if not np.allclose(start, origin, atol=2e-2):
        differences.append(f"origin {start.tolist()}, other {origin.tolist()}")
    return differences


def table(found: list[Outcome]) -> str:
    """The tables of docs/formats.md."""
    lines = [
        "| folder | files | scans opened | refused | tracebacks, hangs, crashes | formats |",
        "|---|---|---|---|---|---|",
    ]
    for folder in dict.fromkeys(outcome.folder for outcome in found):
        part = [outcome for outcome in found if outcome.folder == folder]
        count = Counter(outcome.outcome for outcome in part)
        formats = Counter(outcome.format for outcome in part if outcome.format)
        kinds = ", ".join(f"{name} {number}" for name, number in sorted(formats.items()))
        bad = count["traceback"] + count["hang"] + count["crash"]
        files = len({outcome.path for outcome in part})
        lines.append(f"| {folder} | {files} | {count['opened']} | {count['refused']} | {bad} | {kinds} |")
    lines += ["", "| refused because the file … | how many | which |", "|---|---|---|"]
    reasons: dict[str, list[str]] = defaultdict(list)
    for outcome in found:
        if outcome.outcome == "refused":
            reasons[re.sub(r"\d[\d,]*", "N", outcome.reason)].append(Path(outcome.path).name)
    for reason, names in sorted(reasons.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        shown = ", ".join(f"`{name}`" for name in names[:6]) + (", …" if len(names) > 6 else "")
        lines.append(f"| {reason} | {len(names)} | {shown} |")
    lines += ["", "| compared with | scans |", "|---|---|"]
    libraries = Counter(outcome.reference or "no other reader" for outcome in found if outcome.outcome == "opened")
    lines += [f"| {name} | {number} |" for name, number in libraries.most_common()]
    lines += [
        "",
        "| slide | format (reader) | size | levels | µm/px | objective | compared with, tiles, greatest difference |",
    ]
    lines += ["|---|---|---|---|---|---|---|", *dict.fromkeys(outcome.slide for outcome in found if outcome.slide)]
    return "\n".join(lines)


def main() -> int:
    """Print the tables; anything that failed or differs goes to stderr."""
    found = sweep(data_folder())
    print(table(found))
    bad = [outcome for outcome in found if outcome.outcome not in {"opened", "refused"} or outcome.differences]
    for outcome in bad:
        print(outcome.path, outcome.outcome, outcome.reason[-600:], *outcome.differences, sep="\n  ", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
