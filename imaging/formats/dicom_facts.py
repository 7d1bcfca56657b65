# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
"""What a DICOM dataset says about a scan beyond its pixels: windows, units, spacing, title, technical header."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from imaging.errors import ScanProblem, one_line
from imaging.quiet import quiet as quiet_warnings
from imaging.scan import Examination, Pixels, Rescale, Window

_TECHNICAL = (
    "Modality",
    "SOPClassUID",
    "ImageType",
    "Manufacturer",
    "ManufacturerModelName",
    "MagneticFieldStrength",
    "BodyPartExamined",
    "ViewPosition",
    "ImageLaterality",
    "PatientPosition",
    "PatientOrientation",
    "KVP",
    "ExposureTime",
    "XRayTubeCurrent",
    "ConvolutionKernel",
    "SliceThickness",
    "SpacingBetweenSlices",
    "GantryDetectorTilt",
    "ScanningSequence",
    "SequenceVariant",
    "RepetitionTime",
    "EchoTime",
    "InversionTime",
    "FlipAngle",
    "Units",
    "DecayCorrection",
    "FrameTime",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "LossyImageCompression",
    "SegmentationType",
)
"""Header values worth keeping that name no person, place or day."""

_NO_PIXELS = {
    "SR": "is a structured report, not an image",
    "KO": "is a key-object note, not an image",
    "PR": "is a presentation state, not an image",
    "RTSTRUCT": "is a set of radiotherapy contours, not an image",
    "RTPLAN": "is a radiotherapy plan, not an image",
    "RTRECORD": "is a radiotherapy record, not an image",
    "REG": "is a registration, not an image",
    "ANN": "is a set of slide annotations, not an image",
    "ECG": "is a waveform, not an image",
    "DOC": "is an encapsulated document, not an image",
    "RWV": "is a real-world value mapping, not an image",
    "M3D": "is an encapsulated 3-D model, not an image",
}
SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"
_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
SEGMENTATION_CLASSES = frozenset(("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"))
_CENTIMETRES = 3


def read_dataset(path: Path) -> Any:
    """Everything but the pixels, by pydicom. Raises `ScanProblem`."""
    from pydicom import dcmread

    try:
        with quiet_warnings():
            return dcmread(path, stop_before_pixels=True, force=True)
    except Exception as error:
        raise ScanProblem(f"cannot be read as DICOM ({one_line(error)})", path) from error


def refused_class(sop_class: str) -> str:
    """Why files of a SOP class are refused before they are read whole; empty if not."""
    return "is a DICOMDIR whose files are not there" if sop_class == _DIRECTORY_CLASS else ""


def why_not_an_image(dataset: Any, has_data: bool) -> str:
    """Why a file is none of ours; empty when it may be an image. `has_data` says that it has pixel data."""
    kind, modality = text(dataset, "SOPClassUID"), text(dataset, "Modality")
    has_pixels = bool(number(dataset, "Rows") and number(dataset, "Columns"))
    reasons = (
        (
            kind == _DIRECTORY_CLASS or "DirectoryRecordSequence" in dataset,
            "is a DICOMDIR whose files are not there",
        ),
        ("WaveformSequence" in dataset, _NO_PIXELS["ECG"]),
        ("EncapsulatedDocument" in dataset, _NO_PIXELS["DOC"]),
        (not has_pixels and modality in _NO_PIXELS, _NO_PIXELS.get(modality, "")),
        (not len(dataset), "is no DICOM file: it holds no elements"),
        (not has_pixels and has_data, "does not say how many rows and columns its pixels have"),
        (not has_pixels, "holds no pixels"),
    )
    return next((reason for holds, reason in reasons if holds), "")


def text(dataset: Any, name: str) -> str:
    """A value as text; empty when absent or unreadable."""
    value: Any = quiet(dataset, name)
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return str(value).strip(" \0")
    return "\\".join(str(part) for part in value).strip(" \0") if hasattr(value, "__iter__") else str(value)


def quiet(dataset: Any, name: str) -> Any:
    """A value, or `None` when it is absent or cannot be parsed."""
    try:
        with quiet_warnings():
            return getattr(dataset, name, None)
    except Exception:  # noqa: BLE001 - one value that does not parse must not hide the others
        return None


def numbers(dataset: Any, name: str) -> tuple[float, ...]:
    """The finite numbers of a value; empty when absent or unreadable."""
    value: Any = quiet(dataset, name)
    if value is None or value == "":
        return ()
    try:
        parts = cast("list[Any]", [value] if isinstance(value, str | int | float) else list(value))
        found = tuple(float(part) for part in parts)
    except (TypeError, ValueError):
        return ()
    return found if all(math.isfinite(part) for part in found) else ()


def number(dataset: Any, name: str) -> float | None:
    """The first number of a value."""
    found = numbers(dataset, name)
    return found[0] if found else None


def items(dataset: Any, name: str) -> list[Any]:
    """The items of a sequence; empty when absent."""
    found: Any = quiet(dataset, name)
    return list(found) if found else []


def windows(dataset: Any) -> tuple[Window, ...]:
    """The VOI windows, named as the file names them."""
    centres, widths = numbers(dataset, "WindowCenter"), numbers(dataset, "WindowWidth")
    names = text(dataset, "WindowCenterWidthExplanation").split("\\")
    found = [
        Window(centre, width, name.strip() or "From the file")
        for centre, width, name in zip(centres, widths, [*names, *[""] * len(centres)], strict=False)
        if width > 0
    ]
    for item in items(dataset, "VOILUTSequence"):
        if window := _table_window(item):
            found.append(window)
    return tuple(dict.fromkeys(found))


def _table_window(item: Any) -> Window | None:
    """The window that spans the part of a VOI look-up table where its output changes."""
    descriptor, table = numbers(item, "LUTDescriptor"), lut_values(item)
    if len(descriptor) < 3 or len(table) < 2 or min(table) == max(table):
        return None
    first = next(index for index, value in enumerate(table) if value != table[0])
    last = len(table) - 1 - next(index for index, value in enumerate(reversed(table)) if value != table[-1])
    low, high = descriptor[1] + first - 1, descriptor[1] + last + 1
    return Window((low + high) / 2, max(high - low, 1), text(item, "LUTExplanation") or "From the file's table")


def lut_values(item: Any) -> list[int]:
    """The entries of a look-up table, which some files keep as bytes."""
    raw: Any = quiet(item, "LUTData")
    if isinstance(raw, bytes):
        return [int.from_bytes(raw[at : at + 2], "little") for at in range(0, len(raw) - 1, 2)]
    return [int(value) & 0xFFFF for value in raw] if raw else []


def rescale(dataset: Any, modality: str) -> Rescale:
    """Slope, intercept and unit of the modality values."""
    if text(dataset, "SOPClassUID") == "1.2.840.10008.5.1.4.1.1.481.2":
        return Rescale(number(dataset, "DoseGridScaling") or 1.0, 0.0, text(dataset, "DoseUnits").title())
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    given = text(dataset, "RescaleType")
    unit = "" if given.upper() in {"US", "UNSPECIFIED"} else given
    if not unit and modality == "CT" and intercept is not None:
        unit = "HU"
    if modality == "PT":
        unit = text(dataset, "Units") or unit
    return Rescale(slope if slope else 1.0, intercept or 0.0, unit)


def plane_spacing_of(dataset: Any) -> tuple[float | None, float | None, str]:
    """Millimetres across (columns) and down (rows), and a note when they are not the patient's."""
    for name, note in (
        ("PixelSpacing", ""),
        ("ImagerPixelSpacing", "spacing is measured at the detector; lengths in the patient are shorter"),
        ("NominalScannedPixelSpacing", "spacing is the film digitiser's"),
    ):
        found = numbers(dataset, name)
        if len(found) == 2 and min(found) > 0:
            return found[1], found[0], note
        if found:
            note = f"{name} {found} makes no sense and is left out"  # noqa: PLW2901
            return None, None, note
    return _ultrasound_spacing(dataset)


def _ultrasound_spacing(dataset: Any) -> tuple[float | None, float | None, str]:
    """Spacing of ultrasound regions, where all of them agree and are measured in centimetres."""
    steps = {
        (number(item, "PhysicalDeltaX"), number(item, "PhysicalDeltaY"))
        for item in items(dataset, "SequenceOfUltrasoundRegions")
        if (number(item, "PhysicalUnitsXDirection"), number(item, "PhysicalUnitsYDirection"))
        == (_CENTIMETRES, _CENTIMETRES)
    }
    if len(steps) == 1:
        across, down = steps.pop()
        if across and down:
            return abs(across) * 10, abs(down) * 10, "spacing is that of the ultrasound region"
    return None, None, "its ultrasound regions have different spacings" if steps else ""


def examination(dataset: Any) -> Examination:
    """Whose scan it is, as the file says."""
    patient, issuer = text(dataset, "PatientID"), text(dataset, "IssuerOfPatientID")
    parts = [text(dataset, name) for name in ("Modality", "BodyPartExamined", "SeriesDescription")]
    return Examination(
        patient=f"{patient}@{issuer}" if patient and issuer else patient,
        study=text(dataset, "StudyInstanceUID"),
        series=text(dataset, "SeriesInstanceUID"),
        title=" ".join(dict.fromkeys(part for part in parts if part)),
        frame=text(dataset, "FrameOfReferenceUID"),
    )


def technical_header(dataset: Any, syntax: str) -> tuple[tuple[str, str], ...]:
    """Header values that name nobody, in a fixed order."""
    from pydicom.uid import UID

    found = [(name, text(dataset, name)[:200]) for name in _TECHNICAL if text(dataset, name)]
    named = [(name, UID(value).name if name == "SOPClassUID" else value) for name, value in found]
    return (*named, ("TransferSyntax", UID(syntax).name if syntax else "none"))


def syntax_of(dataset: Any) -> str:
    """The transfer syntax the file names; empty when it names none."""
    return text(getattr(dataset, "file_meta", None), "TransferSyntaxUID")


def has_overlay(dataset: Any) -> bool:
    """Whether the first overlay plane is there."""
    return (0x6000, 0x0010) in dataset


def modality_table_unit(dataset: Any) -> str:
    """What the modality look-up table gives, where it is a known unit."""
    given = text(items(dataset, "ModalityLUTSequence")[0], "ModalityLUTType")
    return "" if given.upper() in {"US", "UNSPECIFIED"} else given


def modality_table(dataset: Any, dtype: np.dtype[Any]) -> Callable[[Pixels], Pixels]:
    """The modality look-up table as a function of stored values; values beyond its ends take its end entries."""
    item = items(dataset, "ModalityLUTSequence")[0]
    descriptor, values = numbers(item, "LUTDescriptor"), lut_values(item)
    if len(descriptor) < 3 or not values:
        raise ScanProblem("has a modality look-up table that cannot be read", quiet(dataset, "filename") or "")
    first = int(descriptor[1])
    if dtype.kind == "i" and first > 0x7FFF:
        first -= 0x10000
    table = np.array(values, np.uint16)

    def look_up(stored: Pixels) -> Pixels:
        index = np.clip(stored.astype(np.int64) - first, 0, len(table) - 1)
        return table[index]

    return look_up
