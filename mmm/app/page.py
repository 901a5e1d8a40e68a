"""The planner's page, run by Streamlit: `mmm app CONFIG`."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from time import perf_counter

import streamlit as st

from mmm.app.blocks import (
    better,
    is_today,
    line,
    money,
    moves_html,
    prices,
    ranged,
    scenarios_html,
    seeks,
    styles,
    voice_of,
)
from mmm.app.planner import Asked, Planner, open_planner, save_plan
from mmm.config import load_config
from mmm.dims import Cell
from mmm.errors import MmmError
from mmm.planning.plan import Plan
from mmm.reporting.catalogue import catalogue_for
from mmm.reporting.settings import ReportSettings
from mmm.reporting.voice import Voice

MOST_KEPT = 4  # scenarios side by side
_RISKS = ("mean", "cvar")
_TURN = """<script>
document.documentElement.lang = "{language}"; document.documentElement.dir = "{direction}";
</script>"""


@st.cache_resource(show_spinner=False)
def opened(path: str, out: str, language: str, written: float) -> Planner:
    """The planner of a config; read anew when its file was written."""
    del written
    config = load_config(path)
    if language:
        config = config.with_report({"language": language})
    return open_planner(config, Path(out) if out else None)


@st.cache_data(show_spinner=False, max_entries=50)
def planned(_planner: Planner, _asked: Asked, draws: int, key: str) -> tuple[Plan, float]:
    """A plan, and the seconds it took; asked for again under its key, it is there."""
    del key
    start = perf_counter()
    return _planner.plan(_asked, draws), perf_counter() - start


def main(path: Path, out: str, language: str) -> None:
    """The page."""
    words = catalogue_for(language or ReportSettings().language)
    st.set_page_config(page_title=words.text("planner.name"), layout="wide")
    try:
        with st.spinner(words.text("planner.opening")):
            planner = opened(str(path), out, language, path.stat().st_mtime)
    except (MmmError, OSError) as error:
        st.error(_plain(str(error)))
        return
    voice = voice_of(planner, planner.config.report.language)
    _dress(voice)
    window = planner.begin.window
    days = (date.fromisoformat(str(day)) for day in (window.start, window.end))
    title = {"company": voice.apart(voice.company), "window": voice.figures.window(*days)}
    st.header(_plain(voice.text("planner.title", title)))
    asked, exact = _controls(planner, voice)
    draws = planner.begin.curves.draws
    on = draws if exact else planner.quick_draws
    found = _planned(planner, asked, on, f"{planner.fitted.name} {path.stat().st_mtime} {asked}", voice)
    if found is not None:
        plan, seconds = found
        _figures(plan, voice)
        told = {"some": f"{on:,}", "all": f"{draws:,}", "seconds": f"{seconds:.1f}"}
        st.caption(voice.text("planner.draws" if on < draws else "planner.draws.all", told))
        st.subheader(voice.text("planner.moves"))
        st.caption(voice.text("moves.lead"))
        st.html(moves_html(planner, plan, voice))
        st.subheader(voice.text("limits.binding"))
        st.markdown("\n".join(f"- {_plain(sentence)}" for sentence in prices(planner, plan, voice)))
    _limits(planner, None if found is None else found[0], voice)
    if found is not None:
        _compare(planner, found[0], on, voice)
        _keep(planner, path, asked, found[0], voice)


def _dress(voice: Voice) -> None:
    """The page's styles, its language and the way it runs."""
    words = voice.catalogue
    direction = "rtl" if words.from_the_right else "ltr"
    st.html(styles())
    st.html(_TURN.format(language=words.language, direction=direction), unsafe_allow_javascript=True)


def _planned(planner: Planner, asked: Asked, draws: int, key: str, voice: Voice) -> tuple[Plan, float] | None:
    """The plan of what is asked; None where there is none, which the page then says."""
    for cell, (least, most) in asked.limits.items():
        if least is not None and most is not None and least > most:
            told = {"cell": line(cell, voice), "least": money(least, voice), "most": money(most, voice)}
            st.error(_plain(voice.text("planner.crossed", told)))
            return None
    try:
        with st.spinner(voice.text("planner.planning")):
            return planned(planner, asked, draws, key)
    except MmmError as error:
        st.error(_plain(voice.retold(str(error))))
        return None


def _controls(planner: Planner, voice: Voice) -> tuple[Asked, bool]:
    """Budget, reserve, margin, risk in the side bar, and the limits set below the plan."""
    now = planner.asked_now()
    bar = st.sidebar
    bar.subheader(voice.text("planner.controls"))
    currency = planner.config.currency
    unit = "planner.money" if currency else "planner.money_unnamed"
    bar.caption(voice.text(unit, {"currency": currency}))
    budget = bar.number_input(
        voice.text("planner.budget"),
        min_value=1.0,
        value=now.budget,
        step=1000.0,
        format="%.2f",
        key="budget",
    )
    least = min(10.0, round(100 * now.reserve, 1))
    reserve = bar.number_input(
        voice.text("planner.reserve"),
        min_value=least,
        max_value=90.0,
        value=round(100 * now.reserve, 1),
        step=1.0,
        key="reserve",
    )
    margin = planner.config.finance.gross_margin
    told = None
    if isinstance(margin, float) and planner.begin.window.has_money:
        share = bar.number_input(
            voice.text("planner.margin"),
            min_value=0.1,
            max_value=100.0,
            value=round(100 * margin, 2),
            step=1.0,
            key="margin",
        )
        told = None if share == round(100 * margin, 2) else share / 100
    elif isinstance(margin, dict):
        bar.caption(voice.text("planner.margins"))
    risks = list(dict.fromkeys((now.risk, *_RISKS)))
    risk = bar.selectbox(
        voice.text("planner.risk"),
        risks,
        index=risks.index(now.risk),
        format_func=lambda name: voice.text(f"planner.risk.{name}"),
        key="risk",
    )
    is_part = planner.quick_draws < planner.begin.curves.draws
    exact = is_part and bar.checkbox(voice.text("planner.exact"), value=False, key="exact")
    reserve_share = now.reserve if reserve == round(100 * now.reserve, 1) else reserve / 100
    return Asked(budget, reserve_share, told, risk, _limits_set(planner)), exact


def _limits_set(planner: Planner) -> dict[Cell, tuple[float | None, float | None]]:
    """Limits of lines as they stand in the widgets below."""
    found = {}
    for i, cell in enumerate(planner.cells):
        locked = st.session_state.get(f"locked {i}")
        sides = (st.session_state.get(f"least {i}"), st.session_state.get(f"most {i}"))
        if st.session_state.get(f"lock {i}") and locked is not None:
            sides = (locked, locked)
        if sides != (None, None):
            found[cell] = sides
    return found


def _figures(plan: Plan, voice: Voice) -> None:
    """What the plan brings, beside today's mix at equal money."""
    told, name = plan.summary.to_json(), seeks(plan)
    places = st.columns(4)
    places[0].metric(voice.text(f"planner.{name}"), money(told[name], voice))
    places[0].caption(voice.text("decision.key.range", {"range": ranged(plan, name, voice)}))
    places[1].metric(voice.text("planner.gain"), money(plan.summary.gain.mean, voice, signed=True))
    places[1].caption(voice.text("decision.key.range", {"range": ranged(plan, "gain", voice)}))
    odds = better(plan, voice).replace("\u00a0", " ")  # it may take two lines
    places[2].metric(voice.text("planner.better"), odds)
    places[2].caption(voice.text(f"planner.better.{'same' if is_today(plan) else 'note'}"))
    places[3].metric(voice.text("planner.tests"), money(plan.summary.reserve, voice))
    places[3].caption(voice.text("planner.tests.note"))


def _limits(planner: Planner, plan: Plan | None, voice: Voice) -> None:
    """Least and most of each line; a lock keeps a line as the plan on the page has it."""
    rows = None if plan is None else plan.places.reset_index(drop=True)
    with st.expander(voice.text("planner.limits"), key="limits", expanded=rows is None):
        for i, cell in enumerate(planner.cells):
            called = _plain(line(cell, voice))
            name, lock, least, most = st.columns([3, 1, 2, 2], vertical_alignment="bottom")
            name.markdown(called)
            if rows is not None:
                now = {side: money(rows[side].iloc[i], voice) for side in ("least", "most")}
                name.caption(voice.text("planner.now", now))
            st.session_state.setdefault(f"locked {i}", None)
            lock.checkbox(
                voice.text("planner.lock"),
                key=f"lock {i}",
                on_change=_lock,
                args=(i, None if rows is None else float(rows["planned_spend"].iloc[i])),
                help=voice.text("planner.lock.help", {"cell": called}),
            )
            for place, side in ((least, "least"), (most, "most")):
                place.number_input(
                    voice.text(f"planner.{side}", {"cell": called}),
                    min_value=0.0,
                    value=None,
                    step=1000.0,
                    key=f"{side} {i}",
                )


def _lock(i: int, money: float | None) -> None:
    """Keep a line at the money of the plan on the page, or let it go."""
    st.session_state[f"locked {i}"] = money if st.session_state[f"lock {i}"] else None


def _compare(planner: Planner, plan: Plan, draws: int, voice: Voice) -> None:
    """Up to four scenarios side by side."""
    kept: dict[str, tuple[Plan, int]] = st.session_state.setdefault("kept", {})
    st.subheader(voice.text("planner.scenarios"))
    name, button = st.columns([3, 1], vertical_alignment="bottom")
    called = name.text_input(
        voice.text("planner.scenario.name"),
        value=voice.text("planner.scenario", {"n": len(kept) + 1}),
        key=f"name {len(kept)}",
    )
    full = len(kept) >= MOST_KEPT
    if button.button(voice.text("planner.scenario.keep"), key="keep", disabled=full or not called):
        kept[called] = (plan, draws)
        st.rerun()
    if full:
        st.caption(voice.text("planner.scenario.full"))
    if not kept:
        return
    st.html(scenarios_html(planner, kept, voice))
    if st.button(voice.text("planner.scenario.forget"), key="forget"):
        kept.clear()
        st.rerun()


def _keep(planner: Planner, path: Path, asked: Asked, plan: Plan, voice: Voice) -> None:
    """Save to the config, and download the workbook."""
    st.subheader(voice.text("planner.keep"))
    save, download = st.columns(2)
    if save.button(voice.text("planner.save"), key="save", disabled=asked == planner.asked_now()):
        try:
            earlier = save_plan(path, planner, asked)
        except MmmError as error:
            save.error(_plain(voice.retold(str(error))))
        else:
            told = {"file": voice.apart(earlier.name), "command": voice.apart(f"mmm plan {path}")}
            save.success(_plain(voice.text("planner.saved", told)))
    if download.button(voice.text("planner.make"), key="make"):
        download.download_button(
            voice.text("planner.download"), planner.workbook(plan), file_name="plan.xlsx", key="download"
        )


def _plain(text: str) -> str:
    """Text that holds names from the data, where Streamlit would read Markdown."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
