"""The table of cases: found by key and by place, changed at once, and two rows that are one scan become one."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from desktop_app.case_table import CaseRows, CaseTable
from desktop_app.cases import Case
from desktop_app.display import CaseRow
from imaging.scan import ScanSource


def source(name: str) -> ScanSource:
    return ScanSource("picture", (Path(name),), name)


def table() -> CaseTable:
    return CaseTable([Case(CaseRow("one", key="k1")), Case(CaseRow("two.png"), source("two.png"))])


def test_cases_are_found_by_key_and_by_place() -> None:
    made = table()
    assert (made.with_key("k1"), made.with_key("k2"), made.with_key("")) == (0, -1, -1)
    assert (made.at(source("two.png")), made.at(source("x.png")), made.at(None)) == (1, -1, -1)
    assert made.get(2) is None
    assert made.get(-1) is None


def test_a_source_is_listed_once() -> None:
    made = table()
    made.add_sources([source("two.png"), source("three.png"), source("three.png")])
    assert [case.row.title for case in made] == ["one", "two.png", "three.png"]


def test_a_changed_row_is_found_by_its_new_words_and_its_key() -> None:
    made, rows = table(), None
    rows = CaseRows(made)
    assert made.change(1, state="labelled", key="k2")
    assert not made.change(1, state="labelled")
    assert "labelled" in made.texts[1]
    assert made.with_key("k2") == 1
    assert [row.state for row in rows] == ["unseen", "labelled"]
    assert rows[-1].state == rows[0:2][1].state == "labelled"


def test_a_file_that_is_a_scan_of_the_dataset_becomes_its_row() -> None:
    made = table()
    made.change(0, state="reviewed")
    epoch = made.epoch
    assert made.identify(1, "k1") == 0
    assert len(made) == 1
    assert (made[0].row.title, made[0].row.state, made[0].source) == ("two.png", "reviewed", source("two.png"))
    assert made.at(source("two.png")) == 0
    assert made.epoch != epoch


def test_a_scan_that_is_new_stays_where_it_is() -> None:
    made = table()
    epoch = made.epoch
    assert made.identify(1, "new") == 1
    assert made.with_key("new") == 1
    assert made.epoch == epoch


@given(st.lists(st.sampled_from("abcdef"), unique=True), st.sets(st.integers(0, 5)))
def test_after_rows_went_the_others_are_found_where_they_stand(keys: list[str], gone: set[int]) -> None:
    made = CaseTable(Case(CaseRow(key.upper(), key=key)) for key in keys)
    made.remove(gone & set(range(len(keys))))
    left = [key for number, key in enumerate(keys) if number not in gone]
    assert [case.row.key for case in made] == left
    assert [made.with_key(key) for key in left] == list(range(len(left)))
    assert [text.split()[0] for text in made.texts] == left
