"""The planner's page, run by Streamlit: `mmm app CONFIG`."""

from __future__ import annotations

import re
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from mmm.app.planner import Asked, Planner, open_planner, save_plan
from mmm.config import load_config
from mmm.dims import Cell
from mmm.errors import MmmError
from mmm.planning.plan import Plan
from mmm.reporting.amounts import Figures
from mmm.reporting.catalogue import catalogue_for

MOST_KEPT = 4  # scenarios side by side
_RISKS = {"mean": "the mean", "cvar": "the worst tenth of cases"}


@st.cache_resource(show_spinner="Opening the finished run")
def opened(path: str, out: str, written: float) -> Planner:
    """The planner of a config; read anew when its file was written."""
    del written
    return open_planner(load_config(path), Path(out) if out else None)


@st.cache_data(show_spinner="Planning", max_entries=50)
def planned(_planner: Planner, _asked: Asked, draws: int, key: str) -> Plan:
    """A plan; asked for again under its key, it is there."""
    del key
    return _planner.plan(_asked, draws)


def main(path: Path, out: str) -> None:
    """The page."""
    st.set_page_config(page_title="mmm planner", layout="wide")
    try:
        planner = opened(str(path), out, path.stat().st_mtime)
    except (MmmError, OSError) as error:
        st.error(str(error))
        return
    run = f"{planner.fitted.name} {path.stat().st_mtime}"
    window = planner.begin.window
    company = planner.config.report.brand.name or planner.config.name
    days = (date.fromisoformat(str(day)) for day in (window.start, window.end))
    st.header(f"{_plain(company)}: plan for {Figures(catalogue_for('en')).window(*days)}")
    asked, exact = _controls(planner)
    draws = planner.begin.curves.draws
    on = draws if exact else planner.quick_draws
    try:
        plan = planned(planner, asked, on, f"{run} {asked}")
    except MmmError as error:
        st.error(str(error))
        return
    _figures(planner, plan)
    if on < draws:
        st.caption(f"Planned on {on} of {draws} draws, to answer at once. All draws: as mmm plan.")
    _moves(planner, plan)
    _limits(planner, plan)
    _compare(planner, asked, plan)
    _keep(planner, path, asked, plan)


def _controls(planner: Planner) -> tuple[Asked, bool]:
    """Budget, reserve, margin, risk in the side bar, and the limits set below the plan."""
    now = planner.asked_now()
    bar = st.sidebar
    unit = planner.config.currency or "money"
    budget = bar.number_input(
        f"Budget ({unit})", min_value=1.0, value=now.budget, step=1000.0, format="%.2f", key="budget"
    )
    least = min(10.0, round(100 * now.reserve, 1))
    reserve = bar.number_input(
        "Kept for tests (%)",
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
            "Gross margin (%)",
            min_value=0.1,
            max_value=100.0,
            value=round(100 * margin, 2),
            step=1.0,
            key="margin",
        )
        told = None if share == round(100 * margin, 2) else share / 100
    elif isinstance(margin, dict):
        bar.caption("Gross margins are by channel, as the config has them.")
    risks = [*_RISKS] if now.risk in _RISKS else [now.risk, *_RISKS]
    risk = bar.selectbox(
        "Plan for",
        risks,
        index=risks.index(now.risk),
        format_func=lambda name: _RISKS.get(name, name),
        key="risk",
    )
    is_part = planner.quick_draws < planner.begin.curves.draws
    exact = is_part and bar.checkbox("All draws: as mmm plan", value=False, key="exact")
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


def _figures(planner: Planner, plan: Plan) -> None:
    """What the plan brings, beside today's mix at equal money."""
    told = plan.summary.to_json()
    seeks = next(name for name in ("profit", "revenue", "outcome") if told.get(name) is not None)
    places = st.columns(4)
    ranged = f"90 %: {_money(told[f'{seeks}_lo'])} to {_money(told[f'{seeks}_hi'])}"
    names = {"profit": "Profit after media", "revenue": "Revenue from media", "outcome": "Outcome from media"}
    places[0].metric(names[seeks], _money(told[seeks]))
    places[0].caption(ranged)
    gain = plan.summary.gain
    places[1].metric("More than today's mix", _money(gain.mean))
    places[1].caption(f"90 %: {_money(gain.lo)} to {_money(gain.hi)}")
    places[2].metric("Beats today's mix", f"{100 * plan.summary.probability_better:.0f} in 100")
    places[2].caption("if the model is right, at equal money")
    places[3].metric("Of it for tests", _money(plan.summary.reserve))
    price = plan.summary.shadow_price
    if price is not None:
        places[3].caption(f"one more {planner.config.currency or 'unit'} of budget: {price:+.2f}")


def _moves(planner: Planner, plan: Plan) -> None:
    """Where the money goes: a table, and bars of today's mix and the plan."""
    cells = _places(plan)
    table = pd.DataFrame(
        {
            "Line": [cell.name for cell in planner.cells],
            "Today's mix": cells["current_spend"],
            "Plan": cells["planned_spend"],
            "Change": cells["planned_spend"] - cells["current_spend"],
            "Brings": cells["response"],
            "Evidence": cells["evidence"],
            "Why": cells["why"],
        }
    )
    amount = st.column_config.NumberColumn(format="localized")
    shown = dict.fromkeys(("Today's mix", "Plan", "Change", "Brings"), amount)
    st.dataframe(table.round(0), hide_index=True, column_config=shown, width="stretch")
    bars = table.set_index("Line")[["Today's mix", "Plan"]]
    st.bar_chart(bars, horizontal=True, stack=False, sort=False, color=["#B9BFC5", "#1F3A5F"])


def _limits(planner: Planner, plan: Plan) -> None:
    """Least and most of each line, what binds and what more room would be worth; a lock keeps a line as it is."""
    cells = _places(plan)
    if (cells["binding"] != "").any():
        st.subheader("What binds")
    for cell, held, price in zip(planner.cells, cells["binding"], cells["binding_price"], strict=True):
        worth = f": one more unit of room is worth {price:.2f}" if pd.notna(price) else ""
        if held:
            st.text(f"{cell.name} ({held}){worth}")
    with st.expander("Limits of lines"):
        for i, cell in enumerate(planner.cells):
            row = cells.iloc[i]
            name, lock, least, most = st.columns([3, 1, 2, 2])
            name.text(cell.name)
            name.caption(f"now {_money(row['least'])} to {_money(row['most'])}")
            st.session_state.setdefault(f"locked {i}", None)
            lock.checkbox(
                "Lock",
                key=f"lock {i}",
                on_change=_lock,
                args=(i, float(row["planned_spend"])),
                help=f"keep {_plain(cell.name)}",
            )
            for place, side in ((least, "least"), (most, "most")):
                place.number_input(
                    f"{side.capitalize()}, {_plain(cell.name)}",
                    min_value=0.0,
                    value=None,
                    step=1000.0,
                    key=f"{side} {i}",
                )


def _lock(i: int, money: float) -> None:
    """Keep a line at the money of the plan on the page, or let it go."""
    st.session_state[f"locked {i}"] = money if st.session_state[f"lock {i}"] else None


def _compare(planner: Planner, asked: Asked, plan: Plan) -> None:
    """Up to four scenarios side by side."""
    kept: dict[str, tuple[Asked, Plan]] = st.session_state.setdefault("kept", {})
    st.subheader("Scenarios")
    name, button = st.columns([3, 1], vertical_alignment="bottom")
    called = name.text_input("Name", value=f"Scenario {len(kept) + 1}", key=f"name {len(kept)}")
    if button.button("Keep this one", key="keep", disabled=len(kept) >= MOST_KEPT or not called):
        kept[called] = (asked, plan)
        st.rerun()
    if not kept:
        return
    st.dataframe(
        pd.DataFrame({name: _column(planner, told) for name, (_, told) in kept.items()}), width="stretch"
    )
    if st.button("Forget them", key="forget"):
        kept.clear()
        st.rerun()


def _column(planner: Planner, plan: Plan) -> dict[str, str]:
    """One scenario as words."""
    told = plan.summary.to_json()
    rows = {"Budget": _money(told["budget"]), "For tests": _money(told["reserve"])}
    for key, name in (
        ("revenue", "Revenue from media"),
        ("outcome", "Outcome"),
        ("profit", "Profit after media"),
    ):
        if told.get(key) is not None:
            rows[name] = _money(told[key])
            rows[f"{name}, 90 %"] = f"{_money(told[f'{key}_lo'])} to {_money(told[f'{key}_hi'])}"
    rows["Beats today's mix"] = f"{100 * plan.summary.probability_better:.0f} in 100"
    money = _places(plan)["planned_spend"]
    return rows | {cell.name: _money(amount) for cell, amount in zip(planner.cells, money, strict=True)}


def _keep(planner: Planner, path: Path, asked: Asked, plan: Plan) -> None:
    """Save to the config, and download the workbook."""
    st.subheader("Keep it")
    save, download = st.columns(2)
    if save.button("Save to the config", key="save", disabled=asked == planner.asked_now()):
        try:
            earlier = save_plan(path, planner, asked)
        except MmmError as error:
            save.error(str(error))
        else:
            save.success(f"Saved. The file as it was: {earlier.name}. Next: mmm plan {path}")
    if download.button("Make the workbook", key="make"):
        download.download_button(
            "Download plan.xlsx", planner.workbook(plan), file_name="plan.xlsx", key="download"
        )


def _places(plan: Plan) -> pd.DataFrame:
    """Rows of moves by what money was placed on."""
    return plan.places.reset_index(drop=True)


def _plain(name: str) -> str:
    """A name from the data as text where Streamlit would read Markdown."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", name)


def _money(amount: Any) -> str:
    return "-" if amount is None else f"{amount:,.0f}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
