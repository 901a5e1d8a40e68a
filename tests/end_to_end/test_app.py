"""The planner's page on a finished run: figures of `mmm plan`, limits, scenarios side by side, and nobody let in."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from mmm.app.planner import Asked, Planner, open_planner, save_plan
from mmm.cli import planner as command
from mmm.config import load_config
from mmm.dims import Cell
from mmm.errors import ConfigError, InputError

PAGE = Path(command.__file__).parents[1] / "app" / "page.py"
needs_streamlit = pytest.mark.skipif(
    importlib.util.find_spec("streamlit") is None, reason="Streamlit is not installed (the extra `app`)"
)


@pytest.fixture(scope="module")
def planner(finished: Any) -> Planner:
    return open_planner(load_config(finished.small.config), finished.folder)


@pytest.fixture
def page(finished: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The page of the finished run, in a browser that is none."""
    from streamlit.testing.v1 import AppTest

    monkeypatch.setattr(sys, "argv", ["page.py", str(finished.small.config), str(finished.folder)])
    shown = AppTest.from_file(str(PAGE), default_timeout=120).run()
    assert not shown.exception
    return shown


def _metrics(page: Any) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


BEFORE = "plan: {horizon: 8, budget: 300_000}"
AFTER = "plan: {horizon: 8, budget: 240_000, reserve_for_tests: 0.15, bounds: [{channel: tv, max: 60_000}]}"
FIGURES = (
    "profit",
    "profit_lo",
    "profit_hi",
    "revenue",
    "core",
    "reserve",
    "gap",
    "shadow_price",
    "reserve_price",
)


def test_a_plan_of_other_settings_is_that_of_the_command_line(
    planner: Planner, finished: Any, execute: Any, tmp_path: Path
) -> None:
    folder = finished.copy(tmp_path / "acme")
    other = finished.small.variant("other", (BEFORE, AFTER))
    said = execute("plan", other, "--out", folder)
    assert said.code == 0, said.err
    told = json.loads((folder / "plan.json").read_text("utf-8"))
    asked = Asked(240_000.0, 0.15, limits={Cell("tv"): (None, 60_000.0)})
    found = planner.plan(asked).summary.to_json()
    assert {name: found[name] for name in FIGURES} == {name: told[name] for name in FIGURES}
    assert planner.plan(asked, planner.quick_draws).summary.budget == 240_000


def test_a_locked_line_keeps_its_money_and_another_margin_counts(planner: Planner) -> None:
    now = planner.asked_now()
    locked = planner.plan(Asked(now.budget, now.reserve, limits={Cell("tv"): (70_000.0, 70_000.0)}))
    assert locked.places["planned_spend"].iloc[0] == 70_000
    richer = planner.plan(Asked(now.budget, now.reserve, margin=0.9)).summary
    assert richer.to_json()["profit"] == pytest.approx(0.9 * richer.to_json()["revenue"] - now.budget)


def test_what_is_saved_is_planned_next_and_comments_stay(planner: Planner, tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    text = "# ours\n" + planner.config.text
    path.write_text(text)
    here = Planner(planner.config.model_copy(update={"text": text}), *_rest(planner))
    asked = Asked(240_000.0, 0.15, 0.6, "cvar", {Cell("tv"): (None, 60_000.5)})
    earlier = save_plan(path, here, asked)
    assert earlier.read_text() == text
    saved = load_config(path)
    assert path.read_text().startswith("# ours\n")
    assert saved.finance.gross_margin == 0.6
    assert (saved.plan.budget, saved.plan.reserve_for_tests, saved.plan.risk.measure) == (
        240_000,
        0.15,
        "cvar",
    )
    (bound,) = saved.plan.bounds
    assert (bound.channel, bound.max.value if bound.max else None, bound.min) == ("tv", 60_000.5, None)
    with pytest.raises(InputError, match="changed since"):
        save_plan(path, here, asked)


def _rest(planner: Planner) -> tuple[Any, ...]:
    return planner.begin, planner.fitted, planner.folder, planner.priors


def test_amounts_that_cross_are_refused_and_a_run_without_a_fit_is_not_opened(
    planner: Planner, finished: Any, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="tv: the least, 9, is above the most, 8"):
        planner.plan(Asked(300_000.0, 0.1, limits={Cell("tv"): (9.0, 8.0)}))
    with pytest.raises(InputError, match="no finished fit"):
        open_planner(load_config(finished.small.config), tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
    changed = finished.small.variant("changed", ("max_lag: 6", "max_lag: 5"))
    with pytest.raises(InputError, match="no finished fit"):
        open_planner(load_config(changed), finished.copy(tmp_path / "acme"))


def test_the_workbook_of_a_plan_holds_that_plan(planner: Planner) -> None:
    plan = planner.plan(Asked(200_000.0, 0.1))
    book = openpyxl.load_workbook(io.BytesIO(planner.workbook(plan)), data_only=True)
    sheet = book["What if"]
    total = next(row for row in sheet.iter_rows(values_only=True) if row[0] == "Total")
    assert total[1] == pytest.approx(200_000)
    assert total[5] == pytest.approx(plan.summary.to_json()["profit"])


@needs_streamlit
def test_the_page_shows_the_plan_of_its_controls_and_keeps_scenarios(page: Any, planner: Planner) -> None:
    def profit(asked: Asked) -> str:
        return f"{planner.plan(asked, planner.quick_draws).summary.to_json()['profit']:,.0f}"

    now = planner.asked_now()
    assert _metrics(page)["Profit after media"] == profit(now)
    page.button(key="keep").click().run()
    page.number_input(key="budget").set_value(240_000.0).run()
    assert _metrics(page)["Profit after media"] == profit(Asked(240_000.0, now.reserve))
    page.button(key="keep").click().run()
    kept = page.dataframe[1].value
    assert [*kept.columns] == ["Scenario 1", "Scenario 2"]
    assert kept.loc["Budget"].tolist() == ["300,000", "240,000"]
    page.checkbox(key="lock 0").check().run()
    page.number_input(key="budget").set_value(300_000.0).run()
    before = planner.plan(Asked(240_000.0, now.reserve), planner.quick_draws).places["planned_spend"].iloc[0]
    assert page.dataframe[0].value["Plan"].iloc[0] == round(before)
    assert not page.exception
    assert not page.error


@needs_streamlit
def test_a_name_from_the_data_is_text_on_the_page() -> None:
    from mmm.app.page import _plain

    assert _plain("[x](y) *z* – ש״ח / 1") == r"\[x\]\(y\) \*z\* – ש״ח \/ 1"


@needs_streamlit
def test_limits_that_leave_no_plan_are_said_on_the_page(page: Any) -> None:
    page.number_input(key="least 0").set_value(9e6).run()
    assert len(page.error) == 1
    assert not page.exception


@needs_streamlit
def test_the_server_listens_on_this_machine_only_whatever_the_user_s_own_settings_say(
    finished: Any, tmp_path: Path
) -> None:
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text('[server]\naddress = "0.0.0.0"\nport = 1\n')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [
        "app",
        str(finished.small.config),
        "--out",
        str(finished.folder),
        "--no-browser",
        "--port",
        str(port),
    ]
    root = str(PAGE.parents[2])
    server = subprocess.Popen(
        [sys.executable, "-m", "mmm", *arguments],
        cwd=tmp_path,
        env=os.environ | {"HOME": str(tmp_path), "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        with (
            socket.socket() as other
        ):  # 127.0.0.2 is this machine too, but not the address that is listened on
            other.settimeout(2)
            assert other.connect_ex(("127.0.0.2", port)) != 0
    finally:
        os.killpg(server.pid, 15)
        server.communicate(timeout=30)


def _wait_for(port: int) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.5)
    raise AssertionError("the page did not come up within a minute")


def test_without_the_extra_the_command_says_what_to_install(
    finished: Any, execute: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    said = execute("app", finished.small.config, "--out", finished.folder)
    assert said.code == 2
    assert "pip install 'mmm-planner[app]'" in said.err
