"""Which model is offered first for a scan."""

from imaging.geometry import Size
from imaging.scan import ScanInfo, ScanKind
from models.catalogue import LIBRARY, Entry, entries


def info(kind: ScanKind, modality: str = "", channels: int = 1) -> ScanInfo:
    return ScanInfo("test", "test", kind, Size(10, 10), "uint8", channels, modality=modality)


def best(scan: ScanInfo) -> str:
    shipped = [entry for entry in entries() if entry.folder.is_relative_to(LIBRARY)]
    return max(shipped, key=lambda entry: entry.fitness(scan)).name


def test_the_shipped_model_that_goes_with_a_scan_comes_first() -> None:
    assert best(info("volume", "MR")) == "lumbar-discs"
    assert best(info("radiograph", "DX")) == "chest-pneumonia"
    assert best(info("picture", channels=3)) == "nuclei"
    assert best(info("picture")) == "chest-pneumonia"


def test_a_model_that_would_refuse_a_scan_says_so() -> None:
    nuclei = next(entry for entry in entries() if entry.name == "nuclei")
    assert nuclei.fitness(info("volume", "CT")) == -1


def test_a_model_without_wishes_reads_anything() -> None:
    from pathlib import Path

    entry = Entry("any", "1", Path("any"))
    assert entry.fitness(info("volume", "PT")) >= 0
