"""Approved plans: numbered, whole, never changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmm.errors import InputError
from mmm.runs.approvals import Approval, freeze, of_window, read_approvals

FILES = {"plan.csv": "date,planned_spend\n2027-01-04,10\n"}


def signed(by: str = "Dana", start: str = "2027-01-01", end: str = "2027-03-31") -> Approval:
    return Approval(
        Path(), 0, start, end, by, "2026-12-20T08:00:00+00:00", "", "", "r1", "ab", {"budget": 10.0}, {}
    )


def test_approvals_are_numbered_and_the_first_of_a_window_stays(tmp_path: Path) -> None:
    first = freeze(tmp_path, signed(), FILES)
    second = freeze(tmp_path, signed(), {"plan.csv": "date,planned_spend\n2027-01-04,20\n"})
    other = freeze(tmp_path, signed(start="2027-04-01", end="2027-06-30"), FILES)
    assert [found.number for found in read_approvals(tmp_path)] == [1, 2, 3]
    assert (first.folder / "plan.csv").read_text() == FILES["plan.csv"]
    assert of_window(read_approvals(tmp_path), "2027-01-01", "2027-03-31") == second
    assert of_window(read_approvals(tmp_path), "2027-04-01", "2027-06-30") == other
    assert of_window(read_approvals(tmp_path), "2028-01-01", "2028-03-31") is None
    assert second.figures == {"budget": 10.0}


def test_the_same_plan_by_the_same_person_twice_in_a_row_is_one_approval(tmp_path: Path) -> None:
    first = freeze(tmp_path, signed(), FILES)
    assert freeze(tmp_path, signed(), FILES) == first
    assert freeze(tmp_path, signed(by="Noa"), FILES).number == 2
    assert freeze(tmp_path, signed(), FILES).number == 3


def test_a_number_that_was_taken_is_not_given_again(tmp_path: Path) -> None:
    (tmp_path / "0001-half-a-folder").mkdir(parents=True)
    assert freeze(tmp_path, signed(), FILES).number == 2


@pytest.mark.parametrize("name", ["plan.csv", "approved.json"])
def test_a_plan_that_was_changed_is_refused_by_name(tmp_path: Path, name: str) -> None:
    found = freeze(tmp_path, signed(), FILES)
    (found.folder / name).write_text("other")
    with pytest.raises(InputError, match=r"0001-.*restore|Restore") as error:
        read_approvals(tmp_path)
    assert name == "approved.json" or "plan.csv" in str(error.value)
    with pytest.raises(InputError):
        freeze(tmp_path, signed(by="Noa"), FILES)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_plan_approved_with_a_newer_format_is_refused(tmp_path: Path) -> None:
    place = freeze(tmp_path, signed(), FILES).folder / "approved.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | {"format": 99}))
    with pytest.raises(InputError, match="newer mmm"):
        read_approvals(tmp_path)


def test_without_a_folder_nothing_is_approved(tmp_path: Path) -> None:
    assert read_approvals(tmp_path / "none") == ()
