"""What winning a new customer costs and leaves, beside what platforms claim."""

from __future__ import annotations

from markupsafe import Markup

from mmm.reporting.amounts import NOTHING
from mmm.reporting.blocks import Table
from mmm.reporting.results import Estimate, Results, at_level, cell_of, estimate, number, records
from mmm.reporting.voice import Voice


def customers_lead(results: Results, voice: Voice) -> Markup | None:
    """Cost of a new customer, of the next one, and what one leaves, in one sentence; None without new customers."""
    if results.customers.empty:
        return None
    (row,) = records(at_level(results.customers, "total"))
    cost, following = estimate(row, "full_cac"), estimate(row, "marginal_cac")
    values = {
        "cost": voice.figures.ratio(cost.mean),
        "range": voice.figures.ratio_range(cost),
        "next": voice.figures.ratio(following.mean),
    }
    value = estimate(row, "lifetime_value")
    if not cost.known:
        return voice.html("customers.lead.none")
    if not value.known:
        return voice.html("customers.lead.plain", values)
    values |= {
        "value": voice.figures.ratio(value.mean),
        "times": voice.figures.ratio(number(row["value_to_cac"])),
    }
    values["times_range"] = voice.figures.ratio_range(estimate(row, "value_to_cac"))
    values["odds"] = voice.figures.odds(number(row["p_pays_back"]))
    return voice.html("customers.lead", values)


def customers_notes(results: Results, voice: Voice) -> tuple[Markup, ...]:
    """In which unit the table is, how new customers are known, and what stands for a figure that is not there."""
    if results.customers.empty:
        return ()
    known = str(results.customers["known_by"].iloc[0])
    unit = "customers.unit" if results.about.currency else "customers.unit.unnamed"
    return (voice.html(unit, {"currency": results.about.currency}), voice.html(f"customers.known.{known}"))


def customers_table(results: Results, voice: Voice) -> Table | None:
    """Cost of a new customer, average and next, beside the platform's claim; lifetime value and payback."""
    if results.customers.empty:
        return None
    valued = results.customers["lifetime_value"].notna().any()
    rows = []
    for row in records(results.customers):
        if row["level"] not in ("cell", "total"):
            continue
        brought, cost = estimate(row, "new_customers"), estimate(row, "full_cac")
        line = voice.cell(cell_of(row)) if row["level"] == "cell" else voice.text("column.total")
        written = [
            *(line, voice.amounts.units(brought.mean), voice.amounts.units_range(brought)),
            *(
                voice.figures.ratio(cost.mean),
                _open(cost, voice),
                voice.figures.ratio(number(row["marginal_cac"])),
            ),
            voice.figures.ratio(number(row["claimed_cost_per_order"])),
        ]
        if valued:
            times = estimate(row, "value_to_cac")
            written += [
                voice.figures.ratio(number(row["lifetime_value"])),
                voice.figures.ratio(times.mean),
                voice.figures.ratio_range(times),
            ]
            written.append(_months(estimate(row, "payback_months"), voice))
        rows.append(tuple(written))
    head = ["cell", "new_customers", "range", "cac", "range", "next_cac", "claimed_cost"]
    head += ["lifetime_value", "value_to_cac", "range", "payback"] if valued else []
    return Table(tuple(voice.text(f"column.{name}") for name in head), tuple(rows))


def _open(cost: Estimate, voice: Voice) -> str:
    """The range of a cost; without an upper end where media may have brought nobody."""
    if cost.lo is not None and cost.hi is None:
        return voice.text("amount.or_more", {"n": voice.figures.ratio(cost.lo)})
    return voice.figures.ratio_range(cost)


def _months(when: Estimate, voice: Voice) -> str:
    if when.mean is None:
        return NOTHING
    latest = voice.text("customers.never") if when.hi is None else f"{when.hi:.0f}"
    earliest = "" if when.lo is None else f"{when.lo:.0f}"
    return f"{when.mean:.0f} ({earliest}\u2013{latest})"
