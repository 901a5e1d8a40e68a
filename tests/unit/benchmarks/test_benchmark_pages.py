"""Configs that the benchmarks write, tables that they read and write."""

from pathlib import Path

import pytest

from benchmarks.accuracy import Outcome, estimates_of, read_truth, write_config
from benchmarks.scores import Estimate
from benchmarks.speed import Median
from benchmarks.tables import accuracy_table, markdown, put, speed_table
from benchmarks.worlds import NOT_MONEY, WORLDS
from mmm.config import load_config


@pytest.mark.parametrize("file", WORLDS)
def test_every_world_is_a_config_that_loads(file: str, tmp_path: Path) -> None:
    config = load_config(write_config(file, tmp_path, tmp_path, {}))
    assert config.data.source == tmp_path.resolve() / file
    assert (config.currency is None) == (file in NOT_MONEY)
    assert config.model.sampling.draws == 1000


def test_a_try_with_fewer_draws_says_so_in_the_config(tmp_path: Path) -> None:
    path = write_config("simulated/papilon.csv", tmp_path, tmp_path, {"draws": 100, "tune": 100})
    assert load_config(path).model.sampling.draws == 100


def test_truth_is_read_by_file_and_channel(tmp_path: Path) -> None:
    rows = ["file,channel,spend,contribution,roi", "a.csv,tv,10,20,2.0", "b.csv,tv,10,30,3.0"]
    (tmp_path / "truth.csv").write_text("\n".join(rows))
    assert read_truth(tmp_path) == {"a.csv": {"tv": 2.0}, "b.csv": {"tv": 3.0}}


HEAD = "level,channel,spend,contribution,contribution_lo,contribution_hi,roi,roi_lo,roi_hi,roi_median"


def test_the_channel_row_is_read_and_the_median_is_the_estimate(tmp_path: Path) -> None:
    path = tmp_path / "roi.csv"
    rows = [HEAD, "cell,tv,10,1,1,1,9,9,9,9", "channel,tv,10,30,20,40,3,2,4,2.9", "total,,10,1,1,1,9,9,9,9"]
    path.write_text("\ufeff" + "\n".join(rows), encoding="utf-8")
    assert estimates_of("f", path, {"tv": 2.5}) == (Estimate("f", "tv", 2.5, 2.9, 2.0, 4.0),)


def test_without_money_the_outcome_per_unit_of_spend_stands_for_roi(tmp_path: Path) -> None:
    path = tmp_path / "roi.csv"
    path.write_text(f"{HEAD}\nchannel,x1,10,30,20,40,,,,")
    assert estimates_of("f", path, {"x1": 2.5}) == (Estimate("f", "x1", 2.5, 3.0, 2.0, 4.0),)


def test_a_channel_that_is_missing_from_the_returns_is_named(tmp_path: Path) -> None:
    path = tmp_path / "roi.csv"
    path.write_text(f"{HEAD}\nchannel,x1,10,30,20,40,,,,")
    with pytest.raises(ValueError, match="x2"):
        estimates_of("f", path, {"x1": 1.0, "x2": 1.0})


def _median(side: str, seconds: float) -> Median:
    return Median(
        side=side, work="national", runs=3, seconds_to_ess=seconds, least=seconds - 1, most=seconds + 1,
        seconds_at_defaults=2 * seconds, imports=1.0, build=1.0, compile=1.0, sample=1.0, ess=800.0,
        ess_per_second=80.0, divergences=0.0, peak_mib=500.0,
    )  # fmt: skip


def test_the_ratio_is_the_seconds_of_the_peer_over_ours() -> None:
    rows = speed_table([_median("ours", 4.0), _median("meridian", 30.0)]).splitlines()
    assert [cell.strip() for cell in rows[2].split("|")][3:5] == ["**4.0** (3.0 - 5.0)", "1.0"]
    assert [cell.strip() for cell in rows[3].split("|")][3:5] == ["**30.0** (29.0 - 31.0)", "7.5"]


def test_a_side_that_was_stopped_stands_in_the_table_with_the_least_it_took() -> None:
    rows = speed_table([_median("ours", 4.0)], [("national", "pymc-marketing", 1800)]).splitlines()
    cells = [cell.strip() for cell in rows[3].split("|")]
    assert cells[2:7] == ["PyMC-Marketing, nutpie", "", "", "not finished in 1800", "> 225"]


def test_a_file_without_estimates_keeps_its_row_and_its_reason() -> None:
    found = Outcome("a.csv", 3.0, (Estimate("a.csv", "tv", 1.0, 1.0, 0.5, 2.0),))
    rows = accuracy_table([found, Outcome("b.csv", 2.0, reason="NotConverged: R-hat 1.2")]).splitlines()
    assert len(rows) == 2 + 3
    assert "b.csv (NotConverged: R-hat 1.2)" in rows[3]
    assert rows[4].startswith("| **all channels** | 1 |")
    assert rows[4].endswith("| 5 |")
    assert len({row.count("|") for row in rows}) == 1


def test_a_bar_in_a_value_does_not_make_a_column() -> None:
    assert markdown(["a"], [["x|y"]]).splitlines()[2] == "| x\\|y |"


def test_only_what_stands_between_the_markers_changes() -> None:
    page = "top\n<!-- a -->\nold\n<!-- /a -->\n<!-- b -->\nkept\n<!-- /b -->\n"
    expected = "top\n<!-- a -->\nnew\n<!-- /a -->\n<!-- b -->\nkept\n<!-- /b -->\n"
    assert put(page, "a", "new") == expected
    assert put(put(page, "a", "x"), "a", "new") == expected


@pytest.mark.parametrize(
    "page", ["none", "<!-- a -->", "<!-- /a --><!-- a -->", "<!-- a --><!-- a --><!-- /a -->"]
)
def test_a_page_without_both_markers_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="once each"):
        put(page, "a", "new")
