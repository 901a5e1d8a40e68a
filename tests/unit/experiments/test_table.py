"""The table of experiments: designs in it, and results appended to it."""

from pathlib import Path

import numpy as np
import pytest

from mmm.data.readouts import read_readouts
from mmm.data.settings import DataSettings, ExperimentsTable
from mmm.errors import DataError
from mmm.experiments.arms import place
from mmm.experiments.readout import read_out
from mmm.experiments.table import append_row, designs_in, result_row

DATA = DataSettings.model_validate(
    {"source": "sales.csv", "date": "week", "outcome": {"value": "revenue"}, "media": {"tv": "tv"}}
)
HEAD = "id,channel,geos,start,end,cooldown,spend_change,lift,lift_se,status"


@pytest.fixture
def row(tested, design) -> dict[str, str]:
    arms, found = place(design, tested(lift=30.0), {})
    return result_row(read_out(design, arms, found))


def results(path: Path):
    found, _, faults = read_readouts(ExperimentsTable(source=path.name), DATA, path.parent)
    assert faults == []
    return found


def test_a_result_is_read_back_as_it_was_found(tmp_path, tested, design, row) -> None:
    path = tmp_path / "data" / "acme-experiments.csv"
    assert append_row(path, row) is True
    (found,) = results(path)
    arms, flags = place(design, tested(lift=30.0), {})
    readout = read_out(design, arms, flags)
    assert found.lift == pytest.approx(readout.effect, rel=1e-5)
    assert found.lift_se == pytest.approx(readout.se, rel=1e-5)
    assert found.df == pytest.approx(readout.df, rel=1e-2)
    assert (found.geos, found.start, found.end) == (design.geos, design.start, design.end)
    assert (found.cooldown, found.spend_change) == (2, 2400.0)


def test_the_same_result_twice_changes_nothing(tmp_path, row) -> None:
    path = tmp_path / "tests.csv"
    append_row(path, row)
    before = path.read_bytes()
    assert append_row(path, {**row, "lift": "1"}) is False
    assert path.read_bytes() == before


def test_a_row_goes_to_the_end_of_a_file_as_it_is_written(tmp_path, row) -> None:
    path = tmp_path / "tests.csv"
    old = f"status,{HEAD.removesuffix(',status')}\r\nread,old,tv,region 1,2024-05-06,2024-05-26,0,100,5,1"
    path.write_bytes(old.encode())
    assert append_row(path, row) is True
    text = path.read_bytes().decode()
    assert text.startswith(old + "\r\nread,more tv,tv,region 0;region 1;region 2;region 3,2025-12-29,")
    assert text.endswith("\r\n")
    assert [found.id for found in results(path)] == ["old", "more tv"]


def test_void_and_widened_rows_settle_earlier_ones_once(tmp_path, row) -> None:
    path = tmp_path / "tests.csv"
    append_row(path, row)
    assert append_row(path, {**row, "lift_se": "999", "status": "widened"}) is True
    assert append_row(path, row) is False
    assert [found.lift_se for found in results(path)] == [999.0]
    kept = {**row, "status": "kept", "reason": "a new creative"}
    assert append_row(path, kept) is True  # decided anew
    assert append_row(path, kept) is False
    assert [(found.settled, found.reason) for found in results(path)] == [("kept", "a new creative")]
    assert append_row(path, {**row, "status": "void"}) is True
    assert append_row(path, {**row, "status": "void"}) is False
    assert results(path) == ()


@pytest.mark.parametrize(
    "text",
    [
        "id;channel;geos;start;end;cooldown;spend_change;lift;lift_se;status\n",
        "id,channel,start,end,spend_change,lift_percent,lift_percent_se\n",
        f"{HEAD}\nold,tv,region 1,06/05/2024,26/05/2024,0,100,5,1,read\n",
        "id,channel,geos,start,end,spend_change,lift,lift_se,status\n",  # the cool-down would be lost
    ],
)
def test_a_file_that_would_read_the_row_wrongly_is_left_alone(tmp_path, row, text) -> None:
    path = tmp_path / "tests.csv"
    path.write_text(text, encoding="utf-8")
    assert append_row(path, row) is None
    assert path.read_text(encoding="utf-8") == text


def test_designs_are_the_rows_that_are_not_void_read_or_not(tmp_path) -> None:
    (tmp_path / "tests.csv").write_text(
        "id,channel,geos,controls,pairs,start,end,cooldown,spend_change,status\n"
        "coming,tv,north; south,west;east,north=west;south=east,2025-03-03,2025-03-30,2,,running\n"
        "gone,tv,north,,,2025-03-03,2025-03-30,0,5,void\n"
        "done,tv,north,,,2025-06-02,2025-06-29,0,5,read\n",
        encoding="utf-8",
    )
    coming, done = designs_in(ExperimentsTable(source="tests.csv"), DATA, tmp_path)
    assert (coming.id, coming.geos, coming.controls) == ("coming", ("north", "south"), ("west", "east"))
    assert coming.pairs == (("north", "west"), ("south", "east"))
    assert str(coming.counted) == "2025-04-13"
    assert np.isnan(coming.spend_change)
    assert (done.id, done.spend_change) == ("done", 5.0)


def test_pairs_that_are_none_are_refused_with_their_row(tmp_path) -> None:
    (tmp_path / "tests.csv").write_text(
        "id,channel,geos,pairs,start,end,status\na,tv,north,north-west,2025-03-03,2025-03-30,running\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError, match="row 2: a pair is written treated=control"):
        designs_in(ExperimentsTable(source="tests.csv"), DATA, tmp_path)
