"""What a fit knew: kept beside it, read back, and compared with what is known by now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm.config import Config, load_config
from mmm.errors import InputError
from mmm.stages.keys import fit_settings
from mmm.stages.known import changed_tests, is_known, known_tests, read_known, write_known
from mmm.stages.prepare import Prepared, load_all, prepare
from mmm.stages.refresh import Last, changes

CONFIG = """\
name: tiny
currency: USD
data:
  source: weekly.csv
  date: week
  outcome: {value: revenue}
  media: {tv: tv, search: search}
  controls: {columns: [price]}
calendar: {holidays: [US]}
experiments: {source: tests.csv}
model: {max_lag: 4}
plan: {window: 2026Q3, budget: 1_000, bounds: [{channel: tv, max: 1.2x}]}
"""
TESTS = [("first", "2025-05-05", "2025-05-25", 900.0), ("second", "2026-03-02", "2026-03-15", 400.0)]
BEFORE, AFTER = 60, 66


@pytest.fixture
def company(tmp_path: Path) -> Callable[..., tuple[Config, Prepared]]:
    """The company with so many weeks, tests and lines of the config."""

    def make(weeks: int, tests: int, *edits: tuple[str, str]) -> tuple[Config, Prepared]:
        rng = np.random.default_rng(1)
        rows = pd.DataFrame(
            {
                "week": pd.date_range("2025-01-06", periods=70, freq="7D").strftime("%Y-%m-%d"),
                "revenue": rng.normal(9000, 300, 70).round(),
                "tv": rng.gamma(4, 100, 70).round(),
                "search": rng.gamma(4, 50, 70).round(),
                "price": rng.normal(1, 0.05, 70).round(3),
            }
        )
        rows.iloc[:weeks].to_csv(tmp_path / "weekly.csv", index=False)
        lines = [
            ("tv", start, end, 300.0, lift, 200.0, "geo", name) for name, start, end, lift in TESTS[:tests]
        ]
        columns = ["channel", "start", "end", "spend_change", "lift", "lift_se", "method", "id"]
        pd.DataFrame(lines, columns=columns).to_csv(tmp_path / "tests.csv", index=False)
        text = CONFIG
        for old, new in edits:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "tiny.yaml").write_text(text)
        config = load_config(tmp_path / "tiny.yaml")
        return config, prepare(config, refuse=False)

    return make


@pytest.fixture
def last(company: Any, tmp_path: Path) -> Callable[[Prepared], Last]:
    """A fit of the first weeks and the first test, as a refresh finds it."""
    config, prepared = company(BEFORE, 1)
    folder = tmp_path / "fit"
    folder.mkdir()
    assert not is_known(folder)
    write_known(folder, config, prepared)
    assert is_known(folder)
    return lambda now: Last("r1", folder, read_known(folder, now.tables, tmp_path))


def test_settings_rows_and_tests_come_back_as_they_were(company: Any, last: Any) -> None:
    now = company(AFTER, 2)[1]
    known = last(now).known
    config, then = company(BEFORE, 1)
    assert fit_settings(known.config) == fit_settings(config)
    assert known.config.plan == config.plan
    assert known.until == then.panel.data_until
    assert list(known.tests) == ["first"]
    again = prepare(known.config, given=known.tables, tests=known.tests)
    for name in ("dates", "outcome", "spend", "controls", "holidays"):
        np.testing.assert_array_equal(getattr(again.panel, name), getattr(then.panel, name))
    assert [test.id for test in again.layout.experiments] == ["first"]
    np.testing.assert_array_equal(again.layout.data.Z, then.layout.data.Z)


def test_what_changed_gets_a_step_each_in_order_and_what_did_not_gets_none(company: Any, last: Any) -> None:
    for weeks, tests, edits, steps in (
        (AFTER, 1, (), ("rows",)),
        (AFTER, 2, (), ("rows", "tests")),
        (BEFORE, 1, (("max_lag: 4", "max_lag: 5"),), ("config",)),
        (AFTER, 2, (("max_lag: 4", "max_lag: 5"),), ("config", "rows", "tests")),
        (
            BEFORE,
            1,
            (("budget: 1_000", "budget: 2_000"),),
            ("rows",),
        ),  # no matter of the fit: nothing to split
    ):
        config, prepared = company(weeks, tests, *edits)
        assert tuple(step.name for step in changes(config, prepared, last(prepared))[1]) == steps


def test_a_revised_row_is_a_step_and_models_before_it_do_not_have_it(company: Any, last: Any) -> None:
    config, prepared = company(AFTER, 2)
    tables = prepared.tables
    outcome = tables.outcome.copy()
    outcome.loc[10, "outcome"] += 500.0
    revised = replace(prepared, tables=replace(tables, outcome=outcome))
    table, steps = changes(with_more_lags(config), revised, last(revised))
    assert [step.name for step in steps] == ["config", "revised", "rows", "tests"]
    assert table.loc[table["change"] == "revised", "rows"].to_list() == [1]
    models = [prepare(with_more_lags(config), given=step.tables, tests=step.tests) for step in steps]
    assert [len(model.panel.dates) for model in models] == [BEFORE, BEFORE, AFTER, AFTER]
    values = [model.panel.outcome[10, 0] for model in models]
    assert values[1:] == [values[0] + 500.0] * 3
    assert [len(model.layout.experiments) for model in models] == [1, 1, 1, 2]


def with_more_lags(config: Config) -> Config:
    """The config with another `max_lag`."""
    return config.model_copy(update={"model": config.model.model_copy(update={"max_lag": 5})})


def test_a_test_that_says_something_else_by_now_is_changed_and_is_used_as_it_was(
    company: Any, last: Any
) -> None:
    prepared = company(AFTER, 2)[1]
    tests = last(prepared).known.tests
    experiments = prepared.layout.experiments
    assert changed_tests(experiments, tests) == ("second",)
    other = (replace(experiments[0], lift=1.0), experiments[1])
    assert changed_tests(other, tests) == ("first", "second")
    assert [test.lift for test in known_tests(other, tests)] == [900.0]
    assert changed_tests((), tests) == ("first",)


def test_what_cannot_be_read_is_said(company: Any, last: Any, tmp_path: Path) -> None:
    now = company(AFTER, 1)[1]
    (tmp_path / "fit" / "known.parquet").write_text("nothing of the kind")
    with pytest.raises(InputError, match="cannot be read"):
        last(now)
    assert load_all(company(AFTER, 1)[0]).outcome.shape[0] == AFTER
