"""A corpus of broken configs: one change each to a good one; every message names the file and the key or the line."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from mmm.config import SET_ON_LOADING, Config, _inner_model, load_config, parse_config
from mmm.errors import ConfigError, MmmError
from mmm.yaml_text import yaml_mapping

pytestmark = pytest.mark.timeout(60)

GOOD: dict[str, Any] = {
    "name": "acme",
    "currency": "USD",
    "data": {
        "source": "weekly.csv",
        "date": "week",
        "outcome": {"value": "revenue"},
        "media": {"tv": "tv_spend", "search": "search_spend"},
    },
    "finance": {"gross_margin": 0.5},
    "model": {"max_lag": 4},
    "plan": {"horizon": 8, "budget": 200_000},
}
TV = {"channel": "tv"}

VALUES: list[tuple[str, str, Any]] = [
    ("the name is missing", "name", None),
    ("the name has a slash", "name", "../acme"),
    ("the name has a space", "name", "ac me"),
    ("the name is empty", "name", ""),
    ("the name is a number", "name", 7),
    ("the name ends a line", "name", "acme\n"),
    ("the currency is a sign", "currency", "$"),
    ("the currency is in small letters", "currency", "usd"),
    ("the currency is a list", "currency", ["USD", "EUR"]),
    ("there is no data section", "data", None),
    ("the data are a file name", "data", "weekly.csv"),
    ("the grain is an hour", "data.grain", "hour"),
    ("the date is a number", "data.date", 3),
    ("the outcome is a column", "data.outcome", "revenue"),
    ("the outcome has no value", "data.outcome", {}),
    ("the outcome is of an unknown kind", "data.outcome.kind", "leads"),
    ("a unit of the outcome is worth less than nothing", "data.outcome.value_per_unit", -4),
    ("VAT is above 1", "data.outcome.vat_included", 17),
    ("VAT is negative", "data.outcome.vat_included", -0.2),
    ("VAT has a date that is none", "data.outcome.vat_included", {"2025-02-30": 0.17}),
    ("the unit is zero", "data.outcome.unit", 0),
    ("the fee is text", "data.fee", "ten percent"),
    ("there is no media", "data.media", None),
    ("media is an empty mapping", "data.media", {}),
    ("media is a list of names", "data.media", ["tv", "search"]),
    ("a medium has no column", "data.media", {"tv": None}),
    ("a media table has an unknown key", "data.media", [{"channel": "c", "spend": "s", "clicks": "x"}]),
    ("a media table has no spend", "data.media", [{"channel": "channel"}]),
    ("a cell has no spend", "data.media", [{"cells": [TV]}]),
    ("controls have no columns", "data.controls", {"source": "weekly.csv"}),
    ("a control has an unknown role", "data.controls", {"columns": [{"name": "price", "role": "mediator"}]}),
    ("an event has no name", "data.events", {"source": "weekly.csv"}),
    ("the week starts on no day", "calendar.week_starts", "someday"),
    ("a holiday country is a number", "calendar.holidays", [1]),
    ("a holiday country is unknown", "calendar.holidays", ["XX"]),
    ("an excluded period has no end", "calendar.exclude", [{"start": "2025-02-01", "reason": "war"}]),
    (
        "an excluded period ends before it starts",
        "calendar.exclude",
        [{"start": "2025-03-01", "end": "2025-02-01", "reason": "war"}],
    ),
    ("a channel is a list", "channels", {"tv": ["a"]}),
    ("a channel has an unknown role", "channels.tv.role", "owned"),
    ("an adstock is unknown", "model.adstock", "exponential"),
    ("a saturation is unknown", "model.saturation", {"tv": "log"}),
    ("max_lag is negative", "model.max_lag", -1),
    ("max_lag is a fraction", "model.max_lag", 2.5),
    ("max_lag is text", "model.max_lag", "long"),
    ("max_lag is endless", "model.max_lag", 10**9),
    ("the likelihood is unknown", "model.likelihood", "cauchy"),
    ("a prior has no spread", "model.priors.roi.sigma", 0),
    ("a prior is negative", "model.priors.roi.median", -1),
    ("history is unknown to nobody", "model.history", "some"),
    ("there are no draws", "model.sampling.draws", 0),
    ("there are no chains", "model.sampling.chains", 0),
    ("the seed is negative", "model.sampling.seed", -1),
    ("the gate of R-hat is below 1", "model.gates.rhat", 0.9),
    ("experiments are a list", "experiments", [{"channel": "tv"}]),
    ("experiments have no source", "experiments", {}),
    ("the margin is text", "finance.gross_margin", "42 %"),
    ("the margin is negative", "finance.gross_margin", -0.1),
    ("the margin is zero", "finance.gross_margin", 0),
    ("the margin is not a number", "finance.gross_margin", ".nan"),
    ("the discount rate is negative", "finance.discount_rate", -0.5),
    ("returns are above 1", "finance.returns", 3),
    ("a target has no figure", "goals.targets", [{"name": "Q1"}]),
    ("targets are one mapping", "goals.targets", {"name": "Q1", "target": 5}),
    ("the window is a season", "plan.window", "summer"),
    ("the window is a fifth quarter", "plan.window", "2027Q5"),
    ("the window is a thirteenth month", "plan.window", "2027-13"),
    ("the window has no end", "plan.window", {"start": "2027-01-01"}),
    ("the window starts on no day", "plan.window", {"start": "2027-02-30", "end": "2027-03-30"}),
    ("the horizon is zero", "plan.horizon", 0),
    ("the horizon is negative", "plan.horizon", -8),
    ("the horizon is text", "plan.horizon", "8 weeks"),
    ("the budget is missing its figure", "plan.budget", ""),
    ("the budget is negative", "plan.budget", -5),
    ("the budget is endless", "plan.budget", "1e400"),
    ("the budget is a list", "plan.budget", [1, 2]),
    ("the budget is true", "plan.budget", True),
    ("the budget has a unit nobody knows", "plan.budget", "3 zillion"),
    ("money is spent somehow", "plan.spend", "some"),
    ("the reserve is a percentage", "plan.reserve_for_tests", 10),
    ("the objective is reach", "plan.objective", "reach"),
    ("the risk is a word", "plan.risk", "averse"),
    ("the risk has an unknown measure", "plan.risk.measure", "variance"),
    ("the risk level is above 1", "plan.risk", {"measure": "cvar", "level": 2}),
    ("the reference is a year", "plan.reference", "2024"),
    ("the plan of record is not built", "plan.reference", "plan_of_record"),
    ("the change is negative", "plan.change", -0.5),
    ("bounds are one mapping", "plan.bounds", TV | {"min": 5}),
    ("a bound has no channel", "plan.bounds", [{"min": 5}]),
    ("a bound is a word", "plan.bounds", [TV | {"max": "lots"}]),
    ("a bound is in times of nothing", "plan.bounds", [TV | {"max": "x"}]),
    ("a lot is zero", "plan.bounds", [TV | {"lot": 0}]),
    ("a group has no limit", "plan.groups", [{"name": "paid", "channels": ["tv"]}]),
    ("a group's share is above 1", "plan.groups", [{"name": "paid", "channels": ["tv"], "max_share": 4}]),
    ("committed money has no amount", "plan.fixed", [TV]),
    ("committed money is negative", "plan.fixed", [TV | {"spend": -4}]),
    ("a ramp is negative", "plan.flighting.ramp", -0.1),
    ("a blackout has no channel or day", "plan.flighting.blackout", [{}]),
    ("a month's money is for no month", "plan.flighting.monthly", {"spring": 100}),
    ("a price rises with nothing", "plan.prices", {"tv": {"elastic": 0.1}}),
    ("an elasticity is 1", "plan.prices", {"tv": {"elasticity": 1}}),
    ("scenarios are a word", "scenarios", "all"),
    ("a scenario has no name", "scenarios", [{"budget": 5}]),
    ("a scenario has a budget in times of nobody", "scenarios", [{"name": "x", "budget": "2x yesterday"}]),
    ("tests have no slots", "tests.slots", 0),
    ("a test is of an unknown way", "tests.candidates", [TV | {"way": "guess"}]),
    ("a test has a platform nobody knows", "tests.platforms", {"tv": ["telepathy"]}),
    ("the language is unknown", "report.language", "xx"),
    ("the notes are not there", "report.notes", "nowhere.md"),
    ("the logo is the config", "report.brand.logo", "acme.yaml"),
    ("the audience is unknown", "report.audiences", ["everybody"]),
    ("a key of the shell is written down", "folder", "/"),
]
"""A sentence, the key that is changed, and its value; the message names the key, or what it stands in."""

TEXTS: list[tuple[str, str, str]] = [
    ("the file is empty", "", "no `key: value` lines"),
    ("the file is a word", "acme", "no `key: value` lines"),
    ("the file is a list", "- a\n- b\n", "no `key: value` lines"),
    ("the file is two documents", "name: acme\n---\nname: other\n", "line "),
    ("a bracket is left open", "name: acme\ndata: {source: [a\n", "line "),
    ("a quote is left open", 'name: "acme\ncurrency: USD\n', "line "),
    ("a tab indents", "name: acme\ndata:\n\tsource: a\n", "line 3"),
    ("lines are not aligned", "name: acme\ndata:\n  source: a\n date: b\n", "line 4"),
    ("a colon is inside of a value", "name: acme: b\n", "line 1"),
    ("a share begins with a percent sign", "name: acme\nplan: {x: %5}\n", "line 2"),
    ("a name begins with an at sign", "name: @acme\n", "line 1"),
    ("an alias has no anchor", "name: *acme\n", "line 1"),
    ("an alias holds itself", "name: &a [*a]\n", "nested more than 50 deep"),
    (
        "an alias means a hundred million values",
        "x0: &x0 [1,1,1,1,1,1,1,1,1,1]\n",
        "more than 100,000 values",
    ),
    ("brackets are nested four hundred deep", "name: " + "[" * 400 + "]" * 400, "nested more than 50 deep"),
    ("a key stands there twice", "name: acme\nname: other\n", 'line 2, column 1: found duplicate key "name"'),
    ("a day is the 45th of month 13", "name: 2025-13-45\n", "line 1, column 7: '2025-13-45'"),
    ("a truth is neither yes nor no", "name: !!bool perhaps\n", "line 1, column 7"),
    ("a tag runs a program", "name: !!python/object/apply:os.system [ls]\n", "line 1, column 7"),
    ("a tag loads a module", "name: !!python/module:os\n", "line 1, column 7"),
    ("a tag is of this company's own", "name: !acme x\n", "line 1, column 7"),
    ("a control character is inside", "name: ac\x01me\n", "acme.yaml"),
    ("the version is one nobody wrote", "%YAML 9.9\n---\nname: acme\n", "acme.yaml"),
    ("everything is in one string", "'name: acme'\n", "no `key: value` lines"),
]
"""A sentence, the text of the config, and what the message holds."""


def _bomb(text: str) -> str:
    deeper = (f"x{i}: &x{i} [{', '.join([f'*x{i - 1}'] * 10)}]\n" for i in range(1, 8))
    return text + "".join(deeper) if text.startswith("x0") else text


def _with(
    place: tuple[str, ...], value: Any, lists: frozenset[tuple[str, ...]] = frozenset()
) -> dict[str, Any]:
    """The good config with one key set; a `None` takes it out."""
    whole = copy.deepcopy(GOOD)
    at: Any = whole
    for depth, key in enumerate(place[:-1], 1):
        wanted: Any = [{}] if place[:depth] in lists else {}
        if not isinstance(at.get(key), type(wanted)):
            at[key] = wanted
        at = at[key][0] if isinstance(at[key], list) else at[key]
    if value is None:
        at.pop(place[-1], None)
    else:
        at[place[-1]] = value
    return whole


@pytest.mark.parametrize(("key", "value"), [case[1:] for case in VALUES], ids=[case[0] for case in VALUES])
def test_a_wrong_value_is_said_with_its_key(
    refused: Callable[..., str], weekly_csv: Callable[[Path], None], tmp_path: Path, key: str, value: Any
) -> None:
    weekly_csv(tmp_path / "weekly.csv")
    config = tmp_path / "acme.yaml"
    config.write_text(json.dumps(_with(tuple(key.split(".")), value)))
    told = refused(["check", config], key.split(".")[-1])
    assert str(config) in told or "`" in told


@pytest.mark.parametrize(("text", "says"), [case[1:] for case in TEXTS], ids=[case[0] for case in TEXTS])
def test_text_that_is_no_config_is_said_with_its_line(
    refused: Callable[..., str], tmp_path: Path, text: str, says: str
) -> None:
    config = tmp_path / "acme.yaml"
    config.write_text(_bomb(text))
    refused(["check", config], str(config), says)


def _keys(model: type[BaseModel], place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every key of the schema, and what it holds."""
    for name, field in model.model_fields.items():
        if name not in SET_ON_LOADING:
            yield (*place, name), field.annotation
            inner = _inner_model(field.annotation)
            if inner is not None and len(place) < 4:
                yield from _keys(inner, (*place, name))


KEYS = dict(_keys(Config))
LISTS = frozenset(place for place, kind in KEYS.items() if "tuple[mmm." in str(kind).replace("typing.", ""))


def test_every_key_refuses_a_value_of_another_form_and_is_named() -> None:
    assert len(KEYS) > 400
    for place in KEYS:
        for wrong in ([[["x"]]], {"no such key": {"inside": [1]}}):
            with pytest.raises(ConfigError) as caught:
                parse_config(_with(place, wrong, LISTS), Path("acme.yaml"))
            said = str(caught.value)
            assert place[-1] in said, place
            for word in ("tuple", "dictionary", "instance of", "pathlib"):  # words of Python
                assert word not in said, place


def test_every_section_names_a_key_it_does_not_know() -> None:
    for place, kind in KEYS.items():
        section = _with((*place, "no_such_key"), [["x"]], LISTS)
        with pytest.raises(ConfigError) as caught:
            parse_config(section, Path("acme.yaml"))
        assert place[-1] in str(caught.value), (place, kind)


_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.dates()
    | st.datetimes()
)
_NAMES = st.sampled_from(sorted({place[-1] for place in KEYS})) | st.text(max_size=4)
_ANYTHING = st.recursive(
    _SCALARS
    | st.sampled_from(["recent", "auto", "2027Q1", "1.2x", "week", "0.9x reference", "10%", "1e400"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(KEYS)), _ANYTHING)
def test_whatever_a_key_holds_there_is_a_config_or_a_message(place: tuple[str, ...], value: Any) -> None:
    with suppress(ConfigError):
        parse_config(_with(place, value, LISTS), Path("acme.yaml"))


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=80) | st.text("ab: -[]{}&*!?|>'\"%@`#,\n\t01.~<=/_", max_size=60))
def test_whatever_the_text_is_there_is_a_mapping_or_a_message(text: str) -> None:
    with suppress(ConfigError):
        assert all(isinstance(key, str) for key in yaml_mapping(text, "acme.yaml"))


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60))
def test_whatever_the_bytes_are_there_is_a_config_or_a_message(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    with pytest.raises(MmmError, match=r"bytes\.yaml"):  # a name, data and an outcome are needed
        load_config(path)


def test_a_table_in_the_place_of_a_config_is_no_hour_of_waiting(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    table = tmp_path / "weekly.csv"
    table.write_text("week,revenue\n" + "2025-01-06,1\n" * 100_000)
    refused(["run", table], str(table), "1,300,013 bytes", f"mmm init {table}")


def test_a_pipe_in_the_place_of_a_config_is_not_waited_for(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names on this system")
    os.mkfifo(tmp_path / "acme.yaml")
    refused(["check", tmp_path / "acme.yaml"], "a pipe or a device")
