"""Every real file opens or is refused in one line, and is what another reader says it is."""

from pathlib import Path

import pytest

from tests.imaging.corpus import FOLDERS, sweep


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_file_of_the_corpus_is_read_as_another_reader_reads_it(data: Path):
    found = sweep(data)
    bad = [outcome for outcome in found if outcome.outcome not in {"opened", "refused"} or outcome.differences]
    assert bad == []
    for folder in FOLDERS:
        files = [path for path in (data / folder).rglob("*") if path.is_file()]
        assert len({outcome.path for outcome in found if outcome.folder == folder}) == len(files)
    opened = [outcome for outcome in found if outcome.outcome == "opened"]
    alone = {Path(outcome.path).name for outcome in opened if not outcome.reference}
    assert alone <= {"JLSL_08_07_0_1F.dcm"}  # GDCM does not read JPEG-LS of 7 bits, and pydicom has no decoder here
    assert len(opened) > 700
    slides = [outcome for outcome in opened if outcome.slide]
    assert len(slides) > 25
    assert all(outcome.reference for outcome in slides)
    broken = {outcome.outcome for outcome in found if outcome.folder == "wsi_broken"}
    assert broken == {"refused"}
