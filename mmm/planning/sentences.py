"""Every sentence a plan says, in one place: plain words, numbers with thousands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmm.data.settings import Grain


def money(amount: float) -> str:
    """An amount as people write it: whole with thousands; with cents where it is small."""
    return f"{amount:,.2f}" if 0 < abs(amount) < 100 else f"{amount:,.0f}"


def percent(share: float) -> str:
    """A share as whole percent, with a decimal where it is below ten."""
    value = 100 * share
    return f"{value:.0f} %" if abs(value) >= 10 or value == round(value) else f"{value:.1f} %"


def times(value: float) -> str:
    """A return per unit of money, or a count per unit of money: two figures that matter."""
    return f"{value:,.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"


def listed(names: Sequence[str]) -> str:
    """Names as a list in words."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# --- what the window takes for granted -----------------------------------------------------------------


def reference_is(how: str, first: np.datetime64, last: np.datetime64, grain: Grain) -> str:
    """What the plan is compared with."""
    if how == "file":
        return "The plan is compared with the spend of your own file, scaled to the same money."
    words = "the last comparable" if how == "recent" else "last year's"
    return f"The plan is compared with {words} {grain}s, {first} to {last}, scaled to the same money."


def reference_is_approved(number: int, start: object, end: object, *, same: bool) -> str:
    """What a plan is compared with where that is an approved one."""
    laid = "" if same else ", laid over this window day by day in proportion"
    return (
        f"The plan is compared with the plan of record (number {number}, approved for {start} to {end}){laid}, "
        "scaled to the same money."
    )


def window_cuts_periods(length: float, grain: Grain) -> str:
    """The window does not begin and end with a period."""
    return (
        f"The window covers {length:.1f} {grain}s: its first and last {grain} count by their days inside it, "
        "here and in what it is compared with."
    )


def until_window_is(how: str, first: np.datetime64, last: np.datetime64, recent: int, grain: Grain) -> str:
    """What is spent between the data and the window."""
    rate = {
        "recent": f"each cell is taken to spend its mean of the last {recent} {grain}s",
        "last_year": "each cell is taken to spend what it spent on the same days a year before",
        "file": "each cell spends what your own file says",
    }[how]
    return f"From {first} to {last}, between the data and the window, {rate}."


def window_has_begun(until: np.datetime64, grain: Grain) -> str:
    """A part of the window is past."""
    return (
        f"The window has begun: what was spent in it until {until} stays as it was and counts towards every limit. "
        f"None of it is taken for a test. Today's mix is that and, for the rest, the reference's {grain}s that are to "
        "come."
    )


def spread_evenly(names: Sequence[str]) -> str:
    """Cells without a weekly shape."""
    return (
        f"{listed(names)} spent nothing in the reference, so any money there is spread evenly over the "
        "window, and by region as in the last year it ran."
    )


def placed_by_geo() -> str:
    """The unit of decision is a cell in a geo."""
    return "Money is placed by geo, because limits of the plan name geos."


def planned_whole(names: Sequence[str]) -> str:
    """Cells that are bought for all geos at once."""
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{listed(names)} {verb} planned for all geos together, because the data have no geo for that spend: no limit "
        "on geos counts it."
    )


def after_window_is(grain: Grain) -> str:
    """What is spent after the window."""
    return f"After the window each cell is taken to spend at its mean rate by {grain} of the reference."


def objective_without_margin() -> str:
    """Profit was asked for and cannot be had."""
    return (
        "No gross margin is given (finance.gross_margin), so the plan seeks the most revenue; profit stays "
        "empty."
    )


def objective_without_money() -> str:
    """Money was asked for and an outcome has no value."""
    return (
        "An outcome has no money value (data.outcome.value_per_unit), so the plan seeks the most outcomes; "
        "money figures stay empty."
    )


def discounted(rate: float) -> str:
    """What the plan seeks is worth less the later it comes."""
    return (
        f"The plan seeks the most present value of profit: money that comes or is paid a year after the window's first "
        f"day counts {percent(1 - 1 / (1 + rate))} less."
    )


def seeks_by_risk(measure: str, level: float, target: float | None, of: str) -> str:
    """The plan is not made for the mean."""
    what = "with all that moves the total besides" if of == "total" else "of media alone"
    if measure == "cvar" or target is None:
        return (
            f"The plan seeks the best mean of the worst {percent(level)} of cases, {what}, not the best mean."
        )
    return f"The plan seeks the best odds of reaching {money(target)}, {what}, not the best mean."


def budget_far_from_reference(budget: float, reference: float) -> str:
    """The budget looks as if it were for another length of time."""
    return (
        f"The budget of {money(budget)} is {times(budget / reference)} times what was spent in the reference "
        f"({money(reference)}): is it for the whole window, not per month?"
    )


def reserve_below_a_tenth(share: float, reason: str) -> str:
    """Less is kept for tests than the rule says."""
    return f"Only {percent(share)} of the budget is kept for tests, below the tenth that is the rule: {reason.strip()}"


def returns_counted() -> str:
    """How far results reach."""
    return "Results count what the window's money brings until its effect has faded, also after the window."


# --- what gave way -------------------------------------------------------------------------------------

_DEFAULTS = {
    "change": "the limit of {change} around the scaled reference",
    "guard": "the limit for cells whose return is an assumption",
    "extrapolation": "the limit of 1.5 times the most ever spent in a like window",
}


def _default(name: str, change: float | None) -> str:
    return _DEFAULTS[name].format(change="free change" if change is None else f"+-{percent(change)}")


def gave_way_up(name: str, change: float | None, most: float, core: float) -> str:
    """A default was lifted upwards, because the money did not fit under it."""
    limit = _default(name, change)
    return f"Upwards, {limit} gave way: with it only {money(most)} of {money(core)} could be placed."


def gave_way_down(name: str, change: float | None, least: float, core: float) -> str:
    """A default was lifted downwards, because it asked for more money than there is."""
    limit = _default(name, change)
    return f"Downwards, {limit} gave way: with it {money(least)} at least was needed, of {money(core)}."


def gave_way_to_min(name: str, default: float, least: float) -> str:
    """A default upper limit stands below the least the user asked for."""
    return f"For {name} the default limit of {money(default)} gave way to your min of {money(least)}."


def gave_way_to_spent(name: str, most: float, spent: float) -> str:
    """A limit of the user that what is spent already has passed."""
    return f"{name} has spent {money(spent)} already, above its most of {money(most)}: it gets no more."


def overspent(spent: float, core: float, reserve_too: float, until: np.datetime64) -> str:
    """More is spent already than there is to place."""
    return (
        f"no plan meets the limits: {money(spent)} is spent in the window already (until {until}), and "
        f"{money(core)} is there for all of it beside the reserve for tests. Raise `plan.budget` to at least "
        f"{money(reserve_too)}"
    )


def gave_way_to_switch(name: str, default: float, least: float) -> str:
    """A default upper limit stands below the least that can be bought."""
    return (
        f"For {name} the default limit of {money(default)} gave way to {money(least)}, the least that can be bought "
        "of it."
    )


def gave_way_to_groups(names: Sequence[str], change: float | None) -> str:
    """Defaults were given up because with them no plan keeps the groups."""
    return f"With {listed([_default(name, change) for name in names])} no plan meets your other limits; it gave way."


def target_out_of_reach(name: str, wanted: float, best: float, reach: tuple[float, float]) -> str:
    """No budget reaches the target."""
    asked, shown = (money(x) if name == "target_outcome" else times(x) for x in (wanted, best))
    return (
        f"`plan.{name}: {asked}` is out of reach: the best mean with {times(reach[0])} to {times(reach[1])} times what "
        f"was spent in the reference is {shown}. Ask for at most that, or loosen `plan.bounds` and `plan.change`"
    )


def target_sets_budget(name: str, wanted: float, budget: float) -> str:
    """Where the budget comes from."""
    asked = money(wanted) if name == "target_outcome" else times(wanted)
    what = {
        "target_roi": f"the largest whose plan has a mean ROI of at least {asked}",
        "target_mroi": f"the largest whose last unit still brings {asked} in the mean",
        "target_outcome": f"the least whose plan is forecast to bring {asked} in the mean",
    }[name]
    return f"The budget of {money(budget)} is {what}, on the half of the draws that plans."


def cost_not_counted() -> str:
    """A cost paid once, and profit is not what is sought."""
    return "`cost_if_on` is not counted, because the plan does not seek profit (see finance.gross_margin)."


def least_too_much(held: str, least: float, core: float) -> str:
    """The user's least amounts come to more than there is."""
    return (
        f"no plan meets the limits: the least amounts and committed money ({held}) come to {money(least)}, "
        f"and {money(core)} is there to place beside the reserve for tests. Lower them by "
        f"{money(least - core)} in `plan.bounds` or `plan.fixed`, or raise `plan.budget`"
    )


def most_too_little(held: str, most: float, core: float) -> str:
    """The user's most amounts come to less than is to be spent."""
    return (
        f"no plan meets the limits: the most amounts and committed money ({held}) come to {money(most)}, "
        f"and {money(core)} is to be placed beside the reserve for tests. Raise them by "
        f"{money(core - most)} in `plan.bounds` or `plan.fixed`, lower `plan.budget`, or set "
        "`plan.spend: at_most`"
    )


# --- why a cell moves, and what would turn it ----------------------------------------------------------


def direction(change: float) -> str:
    """Goes up, goes down, stays."""
    return "Stays" if change == 0 else "Goes up" if change > 0 else "Goes down"


def why_fixed(amount: float) -> str:
    """The money is committed."""
    return f"Fixed: {money(amount)} is committed already."


def why_guard(change: float, limit: float) -> str:
    """The cell's return is an assumption."""
    return (
        f"{direction(change)} and stops at {percent(limit)} of change: its past alone does not tell its "
        "return well enough for more; a test comes first."
    )


def why_limit(change: float, side: str, by: str, amount: float, default: float | None) -> str:
    """A limit stops the move."""
    reach = percent(default) if default is not None else "free"
    who = {
        "bound": "the limit you set",
        "change": f"the default of {reach} change",
        "dark": "1.5 times the most it ever spent in a like window",
        "extrapolation": "1.5 times the most it ever spent in a like window",
        "spent": "what is spent already",
    }.get(by, "what there is")
    end = "lower" if side == "lower" else "upper"
    return f"{direction(change)} to its {end} limit of {money(amount)}, {who}"


def why_group(change: float, names: Sequence[str]) -> str:
    """The limit of a group holds the cell."""
    return f"{direction(change)} as far as the limit of {listed(names)} lets it"


def why_return(change: float, here: float, elsewhere: float, unit: str) -> str:
    """The next unit of money returns more, or less, here than elsewhere."""
    joint = "and" if change == 0 else "against"
    return (
        f"{direction(change)}: the next unit of money brings {times(here)} {unit} here {joint} "
        f"{times(elsewhere)} elsewhere."
    )


def why_moved_money(change: float, here: float, elsewhere: float, unit: str) -> str:
    """The money that moves returns more, or less, here than elsewhere, though the very next unit does not."""
    verb = "brings" if change > 0 else "brought"
    return (
        f"{direction(change)}: each unit of the money moved {verb} {times(here)} {unit} here against "
        f"{times(elsewhere)} elsewhere."
    )


def why_over_geos(change: float, up: int, down: int, geos: int, most: Sequence[tuple[str, float]]) -> str:
    """Where the money of a cell moves, over all its geos."""
    start = f"{direction(round(change))} over all geos: up in {up}, down in {down}, as it is in {geos - up - down}"
    if not most:
        return f"{start}."
    return f"{start}; most in {listed([f'{geo} ({amount:+,.0f})' for geo, amount in most])}."


def why_close_call(change: float, here: float, elsewhere: float, unit: str) -> str:
    """Half the draws plan and the other half prints; on the printed half the move is even."""
    return (
        f"{direction(change)}: a close call; the money moved is worth {times(here)} {unit} a unit here and "
        f"{times(elsewhere)} elsewhere."
    )


def why_careful(change: float) -> str:
    """The mean does not ask for the move; the measure of risk does."""
    return f"{direction(change)}: in the mean it would not, but bad cases become less bad."


def why_dark(*, is_guess: bool) -> str:
    """Nothing is spent and nothing will be."""
    if is_guess:
        return "Stays dark: its return is an assumption; a test comes first."
    return "Stays dark: nothing is spent here now, and the first unit of money brings more elsewhere."


def why_to_nothing() -> str:
    """All money leaves the cell."""
    return "Goes down to nothing"


def next_unit(here: float, elsewhere: float, unit: str) -> str:
    """What the next unit brings at a limit."""
    return f"; the next unit would bring {times(here)} {unit} here against {times(elsewhere)} elsewhere."


def flip_threshold(change: float, threshold: float, here: float, unit: str) -> str:
    """The return at which the move turns."""
    where, turn = ("At or below", "down") if change > 0 else ("At or above", "up")
    return f"{where} {times(threshold)} {unit} for the next unit (now {times(here)}) it would go {turn}."


def flip_at_median(change: float, here: float) -> str:
    """The move turns at the middle of the range."""
    return f"At the middle of its range ({times(here)}) it would already go {'down' if change > 0 else 'up'}."


def flip_at_prior(change: float, here: float) -> str:
    """The move turns at what was assumed before the data."""
    return (
        f"At what was assumed before the data ({times(here)}) it would go {'down' if change > 0 else 'up'}."
    )


def why_budget(change: float) -> str:
    """Every other cell stands at a limit, so this one takes what is left."""
    return f"{direction(change)}: it takes what the limits of the other cells leave."


# --- scenarios -----------------------------------------------------------------------------------------


def scenario_is_today() -> str:
    """A scenario that is what the others are compared with."""
    return "This is today's mix, which the others are compared with."


def demand_is(name: str, *, is_assumed: bool) -> str:
    """Where demand in the window comes from."""
    if is_assumed:
        return f"What media bring moves with {name}, of which the same periods a year earlier stand for those to come."
    return f"What media bring moves with {name}, as given for the periods to come."


# --- weeks as decisions --------------------------------------------------------------------------------


def gave_way_to_weeks(words: str, amount: float) -> str:
    """A default limit of the whole window gave way to limits of weeks."""
    return f"So that the weeks' limits can be met, a default gave way: {words.format(money(amount))}."


def weeks_clash(mends: Sequence[str]) -> str:
    """Limits of weeks that leave no plan."""
    remedy = f"The smallest change that mends it: {listed(mends)}" if mends else "Loosen one of them"
    return f"no plan meets the limits of the weeks together with those of the window. {remedy}"


def why_weeks(change: float) -> str:
    """Limits of weeks hold the cell."""
    return f"{direction(change)} as far as the limits of its weeks let it"


def weeks_are_planned() -> str:
    """What flighting decides."""
    return (
        "Every week's money is planned, and no tests are designed beside it: the reserve stays one line. Between "
        "regions each cell is split as in the reference. Other budgets (scenarios, the frontier, the price of the "
        "reserve) keep each cell's weeks as planned here and scale them."
    )
