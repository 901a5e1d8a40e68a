"""The planner's page on a finished run: figures of `mmm plan`, limits, scenarios side by side, and nobody let in."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from browsing import heard, sideways, visit

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


SCRIPT = "</script><script>alert(1)</script>"
BRAND = f"report: {{brand: {{name: '{SCRIPT}'}}}}\n"


@pytest.fixture(scope="module")
def named(finished: Any) -> Path:
    """The config of the finished run with a company whose name is a program elsewhere."""
    path: Path = finished.small.variant("named", (BEFORE, BRAND + BEFORE))
    return path


@pytest.fixture
def show(finished: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Shows the page of the finished run, in a browser that is none."""
    from streamlit.testing.v1 import AppTest

    def shown(config: Path, language: str) -> Any:
        monkeypatch.setattr(sys, "argv", ["page.py", str(config), str(finished.folder), language])
        page = AppTest.from_file(str(PAGE), default_timeout=120).run()
        assert not page.exception
        return page

    return shown


@pytest.fixture
def page(finished: Any, show: Any) -> Any:
    return show(finished.small.config, "en")


def _metrics(page: Any) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def _html(page: Any, kind: str) -> str:
    """What the page shows in HTML of a kind; nothing where it does not."""
    return "".join(one.value for one in page.html if f'class="{kind}"' in one.value)


def _rows(html: str) -> list[list[str]]:
    """Cells of a table, line by line."""
    lines = re.findall(r"<tr.*?</tr>", html, re.DOTALL)
    return [re.findall(r"<t[hd][^>]*>(?:<bdi>)?(.*?)(?:</bdi>)?</t[hd]>", line) for line in lines]


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
    less = profit(Asked(240_000.0, now.reserve))
    assert _metrics(page)["Profit after media"] == less
    page.button(key="keep").click().run()
    rows = {row[0]: row[1:] for row in _rows(_html(page, "mp-table"))}
    assert rows[""] == ["Scenario 1", "Scenario 2"]
    assert rows["Budget"] == ["300,000", "240,000"]
    assert rows["Profit after media"] == [profit(now), less]
    spend = planner.plan(Asked(240_000.0, now.reserve), planner.quick_draws).spend
    assert [rows[cell.name][1] for cell in planner.cells] == [f"{money:,.0f}" for money in spend]
    page.checkbox(key="lock 0").check().run()
    page.number_input(key="budget").set_value(300_000.0).run()
    assert re.findall(r"→ ([\d,]+)", _html(page, "mp-moves"))[0] == f"{spend[0]:,.0f}"
    for _ in range(2):
        page.button(key="keep").click().run()
    assert page.button(key="keep").disabled
    page.button(key="forget").click().run()
    assert not page.button(key="keep").disabled
    assert _html(page, "mp-table") == ""
    assert not page.exception
    assert not page.error


GIVEN = {"script", "alert", "USD", "search", "generic", "facebook", "prospecting", "mmm", "plan", "xlsx"}


@needs_streamlit
def test_the_page_is_hebrew_from_right_to_left_with_the_figures_of_the_english_one(
    show: Any, named: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, figures = {}, {}
    for language, label in (("en", SCRIPT), ("he", "טלוויזיה")):
        monkeypatch.setattr("mmm.app.blocks.labels_of", lambda *_, label=label: {"tv": label})
        page = show(named, language)
        page.button(key="keep").click().run()
        widgets = (
            page.number_input,
            page.selectbox,
            page.checkbox,
            page.button,
            page.text_input,
            page.expander,
        )
        told[language] = [widget.label for kind in widgets for widget in kind]
        told[language] += [*page.selectbox[0].options, *(one.help or "" for one in page.checkbox)]
        texts = (page.header, page.subheader, page.caption, page.markdown)
        told[language] += [text.value for kind in texts for text in kind]
        told[language] += [part for metric in _metrics(page).items() for part in metric]
        shown = _html(page, "mp-moves") + _html(page, "mp-table")
        assert f'dir="{"rtl" if language == "he" else "ltr"}"' in shown
        assert SCRIPT not in shown
        heard_too = " ".join(re.findall(r'aria-label="([^"]*)"', shown))
        told[language].append(unescape(re.sub(r"<[^>]+>", " ", shown) + heard_too))
        seen = re.sub("[\u2066-\u2069]", "", " ".join([*_metrics(page).values(), *told[language][-1:]]))
        figures[language] = sorted(re.findall(r"\d[\d,.]*\d", seen))
    assert set(re.findall(r"[A-Za-z][A-Za-z-]+", " ".join(told["he"]))) - GIVEN == set()
    assert "טלוויזיה" in told["he"][-1]
    assert SCRIPT in told["en"][-1]
    assert figures["he"] == figures["en"]


@needs_streamlit
def test_what_the_page_saves_is_in_the_config_and_its_workbook_is_handed_over(
    show: Any, finished: Any
) -> None:
    config = finished.small.variant("saved")
    page = show(config, "he")
    assert page.button(key="save").disabled
    page.number_input(key="budget").set_value(240_000.0).run()
    page.button(key="save").click().run()
    assert "saved\\.yaml\\.bak" in page.success[0].value
    assert load_config(config).plan.budget == 240_000
    assert config.with_name("saved.yaml.bak").read_text() == finished.small.config.read_text()
    page.button(key="make").click().run()
    assert [one.proto.label for one in page.get("download_button")] == ["להוריד את plan.xlsx"]
    assert not page.exception


@needs_streamlit
def test_a_name_from_the_data_is_text_on_the_page() -> None:
    from mmm.app.page import _plain

    assert _plain("[x](y) *z* – ש״ח / 1") == r"\[x\]\(y\) \*z\* – ש״ח \/ 1"


@needs_streamlit
def test_limits_that_leave_no_plan_are_said_on_the_page_and_can_be_taken_back(show: Any, named: Path) -> None:
    page = show(named, "he")
    page.number_input(key="least 0").set_value(9e6).run()
    assert len(page.error) == 1
    page.number_input(key="most 0").set_value(8e6).run()
    assert "גדול מהסכום הגדול ביותר" in page.error[0].value
    for side in ("least", "most"):
        page.number_input(key=f"{side} 0").set_value(None).run()
    assert not page.error
    assert not page.exception


@pytest.fixture(scope="module", params=["en", "he"])
def served(
    finished: Any, named: Path, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    """The page in a language, served where a user's own settings would let everybody in: language and port."""
    home = tmp_path_factory.mktemp("home")
    (home / ".streamlit").mkdir()
    (home / ".streamlit" / "config.toml").write_text('[server]\naddress = "0.0.0.0"\nport = 1\n')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = ["app", str(named), "--out", str(finished.folder), "--language", request.param]
    root = str(PAGE.parents[2])
    server = subprocess.Popen(
        [sys.executable, "-m", "mmm", *told, "--no-browser", "--port", str(port)],
        cwd=home,
        env=os.environ | {"HOME": str(home), "PYTHONPATH": root, "STREAMLIT_SERVER_ADDRESS": "0.0.0.0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield request.param, port
        server.terminate()
        server.wait(timeout=60)
        with pytest.raises(ConnectionRefusedError):  # the server has gone with its command
            socket.create_connection(("127.0.0.1", port), timeout=2)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.communicate(timeout=30)


@needs_streamlit
def test_the_server_listens_on_this_machine_only_whatever_the_user_s_own_settings_say(
    served: tuple[str, int],
) -> None:
    with socket.socket() as other:  # 127.0.0.2 is this machine too, but not the address that is listened on
        other.settimeout(2)
        assert other.connect_ex(("127.0.0.2", served[1])) != 0


DONE = "[data-testid=stApp][data-test-script-state=notRunning] .mp-moves"
EDGES = """of => [...document.querySelectorAll(of)].map(e => e.getBoundingClientRect()).map(r => [r.left, r.right])"""


@needs_streamlit
@pytest.mark.browser
@pytest.mark.xdist_group("browser")
def test_the_page_is_whole_in_a_browser_and_answers(
    browser: Any, served: tuple[str, int], planner: Planner
) -> None:
    language, port = served
    address = f"http://127.0.0.1:{port}"
    found = visit(browser, f"{address}/", within=address)
    page = found.page
    page.wait_for_selector(DONE, timeout=120_000)
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == [
        language,
        "rtl" if language == "he" else "ltr",
    ]
    profit = page.locator("[data-testid=stMetricValue]").first.inner_text()
    budget = page.locator("[data-testid=stNumberInput] input").first
    budget.fill("240000")
    budget.press("Enter")
    page.wait_for_function(
        "was => document.querySelector('[data-testid=stMetricValue]').innerText !== was", arg=profit
    )
    page.wait_for_selector(DONE)
    page.locator("button", has_text="לצד האחרים" if language == "he" else "Keep this one").click()
    page.wait_for_selector(".mp-table", timeout=60_000)
    bars, lists = (page.evaluate(EDGES, of) for of in (".mp-moves .bar", ".mp-moves .bars"))
    assert len(bars) == 2 * len(planner.cells)
    ends = {round(bar[language == "he"]) for bar in bars}  # bars grow from the side where reading begins
    assert ends == {round(one[language == "he"]) for one in lists}
    side, main = (page.evaluate(EDGES, f"[data-testid={part}]")[0] for part in ("stSidebar", "stMain"))
    assert (side[0] > main[0]) == (language == "he")
    assert {width: sideways(page, width) for width in (1280, 390)} == {1280: 0, 390: 0}
    page.wait_for_selector(DONE)
    assert heard(page, "serious", "critical") == []
    assert found.faults == []
    page.close()


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


@needs_streamlit
def test_the_first_start_on_a_machine_asks_nobody_for_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit import config as streamlit_config
    from streamlit.runtime import credentials

    told = dict(flag.removeprefix("--").split("=", 1) for flag in command.flags(8501, browser=True))
    monkeypatch.setattr(credentials, "_check_credential_file_exists", lambda: False)
    asked: list[str] = []
    monkeypatch.setattr(credentials.Credentials, "_check_activated", lambda self: asked.append("address"))
    before = {
        name: streamlit_config.get_option(name) for name in ("server.headless", "server.showEmailPrompt")
    }
    try:
        for name in before:
            streamlit_config.set_option(name, told[name] == "true")
        credentials.check_credentials()
    finally:
        for name, value in before.items():
            streamlit_config.set_option(name, value)
    assert told["server.headless"] == "false"
    assert asked == []
