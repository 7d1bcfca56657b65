"""How far the day is: counted by reader and by local day."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from desktop_app.day import Day, day_of, until_midnight_ms
from desktop_app.display import CaseRow

NOW = datetime(2026, 3, 5, 14, 30, tzinfo=timezone(timedelta(hours=2)))


def read(hours_ago: float, author: str = "Ada", state: str = "labelled") -> CaseRow:
    return CaseRow("case", state, readings=((author, (NOW - timedelta(hours=hours_ago)).timestamp()),))


def test_only_what_i_finished_since_midnight_counts_as_today() -> None:
    rows = [read(1), read(14.4), read(14.6), read(1, "Grace"), CaseRow("open")]
    day = day_of(rows, "Ada", NOW)
    assert (day.today, day.done, day.total) == (2, 4, 5)
    assert day.text == "2 today · 4 of 5 done"
    assert day.fraction == pytest.approx(0.8)


def test_a_case_that_was_taken_up_again_is_not_done() -> None:
    day = day_of([read(1, state="in progress")], "Ada", NOW)
    assert (day.today, day.done) == (1, 0)


def test_the_rate_is_between_the_first_and_the_last() -> None:
    assert day_of([read(3), read(2), read(1)], "Ada", NOW).per_hour == pytest.approx(1.0)
    assert "1 an hour" in day_of([read(3), read(2), read(1)], "Ada", NOW).tip
    assert day_of([read(3), read(2)], "Ada", NOW).per_hour is None
    assert day_of([read(1)] * 3, "Ada", NOW).per_hour is None


def test_nothing_listed_is_no_progress() -> None:
    assert Day().fraction == 0.0
    assert day_of([], "Ada", NOW) == Day()


def test_the_day_is_counted_again_right_after_midnight() -> None:
    assert until_midnight_ms(NOW) == (9 * 3600 + 30 * 60 + 1) * 1000
    late = datetime(2026, 3, 5, 23, 59, 59, 999_000, tzinfo=UTC)
    assert until_midnight_ms(late) >= 1000
