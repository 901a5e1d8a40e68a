"""A corpus of broken tables of past tests: one change each to a good row; the message names the file and the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_company import WEEKLY

pytestmark = pytest.mark.timeout(60)

CONFIG = WEEKLY.replace("plan:", "experiments: {source: tests.csv}\nplan:")

GOOD = {
    "id": "spring",
    "channel": "tv",
    "start": "2025-06-02",
    "end": "2025-06-29",
    "spend_change": "20000",
    "lift": "40000",
    "lift_se": "9000",
}

ROWS: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = [
    ("the id is empty", {"id": ""}, ("row 2",)),
    ("there is no column of ids", {"id": None}, ("id",)),
    ("the channel is empty", {"channel": ""}, ("row 2",)),
    ("the channel is unknown", {"channel": "tvv"}, ("tvv",)),
    ("there is no column of channels", {"channel": None}, ("channel",)),
    ("the audience is unknown", {"audience": "nobody"}, ("nobody",)),
    ("the start is a word", {"start": "spring"}, ("row 2", "spring")),
    ("the start is empty", {"start": ""}, ("row 2",)),
    ("the start is the 31st of June", {"start": "2025-06-31"}, ("2025-06-31",)),
    ("the end is before the start", {"end": "2025-05-01"}, ("row 2",)),
    ("the end is after the data", {"end": "2031-06-29"}, ("spring",)),
    ("the test is before the data", {"start": "1999-06-07", "end": "1999-07-04"}, ("spring",)),
    ("the money is a word", {"spend_change": "much"}, ("row 2", "much")),
    ("the money is zero", {"spend_change": "0"}, ("row 2",)),
    ("the money is empty", {"spend_change": ""}, ("row 2",)),
    ("the lift is a word", {"lift": "good"}, ("row 2", "good")),
    ("the lift is empty", {"lift": ""}, ("row 2",)),
    ("the lift is endless", {"lift": "1e999"}, ("row 2",)),
    ("the error is zero", {"lift_se": "0"}, ("row 2",)),
    ("the error is negative", {"lift_se": "-9000"}, ("row 2",)),
    ("the error is empty", {"lift_se": ""}, ("row 2",)),
    ("there is no error", {"lift_se": None}, ("lift_se",)),
    ("the cool-down is negative", {"cooldown": "-2"}, ("row 2",)),
    ("the cool-down is a word", {"cooldown": "long"}, ("row 2", "long")),
    ("the status is unknown", {"status": "maybe"}, ("maybe",)),
    ("the interval is upside down", {"lift_se": None, "lift_lo": "50000", "lift_hi": "30000"}, ("row 2",)),
    ("the level is 900 %", {"lift_se": None, "lift_lo": "1", "lift_hi": "90000", "level": "900"}, ("row 2",)),
]
"""A sentence, what is changed in the good row (None: the column is gone), and what the message holds."""


@pytest.fixture
def company(tmp_path: Path, weekly_csv: Callable[[Path], None]) -> Path:
    """A good config, its good table, and a place for the tests."""
    weekly_csv(tmp_path / "weekly.csv")
    (tmp_path / "acme.yaml").write_text(CONFIG)
    return tmp_path / "acme.yaml"


def _write(place: Path, changes: dict[str, str | None]) -> None:
    """The row that is changed, and below it a good one."""
    row = {name: value for name, value in (GOOD | changes).items() if value is not None}
    whole = GOOD | {
        "id": "autumn",
        "start": "2025-09-01",
        "end": "2025-09-28",
        "lift_lo": "2",
        "lift_hi": "90000",
    }
    below = (whole.get(name, "") for name in row)
    place.write_text(f"{','.join(row)}\n{','.join(row.values())}\n{','.join(below)}\n")


def test_the_good_row_passes(execute: Callable[..., Any], company: Path) -> None:
    _write(company.with_name("tests.csv"), {})
    said = execute("check", company)
    assert said.code == 0, said.out + said.err


@pytest.mark.parametrize(("changes", "says"), [case[1:] for case in ROWS], ids=[case[0] for case in ROWS])
def test_a_broken_test_is_said_with_its_place(
    refused: Callable[..., str], company: Path, changes: dict[str, str | None], says: tuple[str, ...]
) -> None:
    _write(company.with_name("tests.csv"), changes)
    refused(["check", company], "tests.csv", *says)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"id,channel\n", "no row below it"),
        (b"\x00\x01\x02" * 400, "not a table"),
        (b"PK\x03\x04", "cannot be read"),
    ],
    ids=["the file is empty", "the file is a header", "the file is bytes", "the file is a torn workbook"],
)
def test_a_broken_file_of_tests_is_said(
    refused: Callable[..., str], company: Path, content: bytes, says: str
) -> None:
    company.with_name("tests.csv").write_bytes(content)
    refused(["check", company], "tests.csv", says)


def test_a_file_of_tests_that_is_not_there_is_said(refused: Callable[..., str], company: Path) -> None:
    refused(["check", company], "tests.csv", "there is no such file")


def test_the_same_test_twice_is_said(refused: Callable[..., str], company: Path) -> None:
    place = company.with_name("tests.csv")
    _write(place, {})
    place.write_text(place.read_text() + ",".join(GOOD.values()) + "\n")
    refused(["check", company], "tests.csv", "spring")
