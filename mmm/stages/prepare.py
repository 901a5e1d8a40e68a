"""From a config to what every stage starts from: tables, panel, the arrays of the model, findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmm.config import Config
from mmm.data.align import align_tables
from mmm.data.booked import Booking, booking
from mmm.data.checks import check_panel
from mmm.data.count_settings import TransactionsTable
from mmm.data.experiments import Experiment, read_experiments
from mmm.data.names import fold
from mmm.data.panel import Check, Panel
from mmm.data.source_settings import RatesTable, file_of
from mmm.data.studies import read_studies
from mmm.data.tables import Tables, counts_files, input_files, load_tables
from mmm.data.three_counts import ThreeCounts, align_counts
from mmm.data.transactions import Customers, read_customers
from mmm.errors import ConfigError, DataError
from mmm.finance.economics import unit_economics
from mmm.model.layout import Layout, first_modelled, lay_out
from mmm.model.names import refuse_unknown_channels
from mmm.planning.names import unknown
from mmm.response.beliefs import belief_checks, twice_told
from mmm.response.carry import check_carry
from mmm.runs.files import sha256
from mmm.stages.known import Tests, known_tests

ABOUT_THE_OUTCOME = ("last period", "negative outcome", "zero outcome", "outcome outliers", "outcome units")

MARGIN_OFF = 0.005
"""How far the margin of the whole may be from what its segments make together."""


@dataclass(frozen=True, slots=True)
class Part:
    """One segment of the outcome: a panel with the same media, and its own arrays of the model."""

    name: str
    panel: Panel
    layout: Layout


@dataclass(frozen=True, slots=True)
class Prepared:
    """What every stage starts from: tables, panel, the model's arrays, findings, and what they were read from.

    `counts` are what three systems count, with files of their own in `counted`: no fit depends on them.
    `customers` are what single customers ordered, where the config names a table of it; no fit depends on that either.
    `segments` are the parts of the outcome that are fitted one by one; without any the whole is fitted. Panel and
    layout are always of the whole.
    """

    tables: Tables
    panel: Panel
    layout: Layout
    checks: list[Check]
    inputs: dict[str, str]
    counts: ThreeCounts
    counted: dict[str, str]
    segments: tuple[Part, ...] = ()
    customers: Customers | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is fitted: the segments, or the whole."""
        return self.segments or (Part("", self.panel, self.layout),)


def prepare(
    config: Config, *, refuse: bool = True, given: Tables | None = None, tests: Tests | None = None
) -> Prepared:
    """Read the tables, align them, check them, and lay out the model.

    Parameters
    ----------
    refuse
        Whether a check that fails is an error.
    given
        Tables in the place of those of the config.
    tests
        Past tests as they were once known, in the place of what their table says now.

    Raises
    ------
    DataError, ConfigError
        Faults that leave nothing to check; with `refuse`, a check that fails.
    """
    _refuse_with_segments(config)
    tables = given if given is not None else load_all(config)
    aligned = align_tables(
        tables, name=config.name, currency=config.currency, data=config.data, calendar=config.calendar
    )
    captured = {name for name, channel in config.channels.items() if channel.role == "demand_capture"}
    panel = replace(aligned.panel, demand_capture=frozenset(captured))
    by_segment = {
        name: replace(part, demand_capture=frozenset(captured)) for name, part in aligned.segments.items()
    }
    refuse_unknown_channels(panel.cells, config.model, panel.organic_names)
    _refuse_unknown_margins(panel, config, list(by_segment))
    _refuse_customers(config, panel, list(by_segment))
    found = check_panel(panel, margin=config.finance.margin, max_lag=config.model.max_lag)
    experiments, told = _experiments(config, panel, tests)
    if tests is not None:
        experiments = known_tests(experiments, tests)
    counts, heard = align_counts(tables, panel)
    odd = [*_outcome_checks(config, by_segment), *_margin_checks(config, by_segment)]
    checks = [*aligned.checks, *found, *odd, *told, *heard]
    failed = [
        f"{c.where}: {c.check}, {c.value} {f'({c.rows})' if c.rows else ''}. {c.remedy}".replace(" .", ".")
        for c in checks
        if c.severity == "fail"
    ]
    if failed and refuse:
        raise DataError(failed)
    economics = unit_economics(config.finance)
    layout = (
        lay_out(panel, config.model, break_even=economics.break_even_roi, experiments=experiments)
        if not failed
        else None
    )
    if layout is not None:
        checks += check_carry(layout, panel)
        has_money = panel.unit_value is not None
        checks += belief_checks(layout, margin=economics.by_cell(panel.cells), has_money=has_money)
        checks += twice_told(layout, config.model.priors)
    parts = _lay_out_parts(config, by_segment) if layout is not None else ()
    files = input_files(config.data, config.calendar, config.folder)
    files = (
        *files,
        *(config.folder / file_of(told.source) for told in (config.experiments, config.studies) if told),
    )
    rates = [told for told in config.finance.rates.values() if isinstance(told, RatesTable)]
    files = (*files, *(config.folder / file_of(told.source) for told in rates))
    inputs = {str(path): _hash_of(path, config) for path in files}
    beside = [*counts_files(config.data, config.folder)]
    customers, orders = None, config.finance.customer_lifetime_value
    if isinstance(orders, TransactionsTable):
        customers = read_customers(orders, config.data, config.channels, config.folder, booking_of(config))
        source = config.data.resolved(orders).source
        beside += [] if source is None else [config.folder / file_of(source)]
    counted = {str(path): sha256(path) for path in beside}
    return Prepared(tables, panel, layout, checks, inputs, counts, counted, parts, customers)  # type: ignore[arg-type]


def _hash_of(path: Path, config: Config) -> str:
    """Hash of a file of the data; of the config's own workbook only the sheets that hold data count."""
    if config.book is not None and path.resolve() == config.book.path:
        return config.book.digest
    return sha256(path)


def load_all(config: Config) -> Tables:
    """Every table of a config, read and tidied."""
    return load_tables(config.data, config.calendar, config.channels, config.folder, booking_of(config))


def booking_of(config: Config) -> Booking:
    """The company's currency, and what others are worth in it."""
    return booking(config.currency, config.finance.rates, config.folder)


def _refuse_with_segments(config: Config) -> None:
    """Refuse what speaks of the whole outcome and would have to be told to fits of its parts."""
    told = [key for key in ("experiments", "studies") if getattr(config, key) is not None]
    if config.data.outcome.has_segments and told:
        raise ConfigError(
            [
                f"`{key}`: its rows are about the whole outcome, and with segments each part is fitted on its own. "
                f"Fit the whole with `{key}` (one `data.outcome.value`, no `segment`), or take `{key}` out"
                for key in told
            ]
        )


def _outcome_checks(config: Config, by_segment: Mapping[str, Panel]) -> list[Check]:
    """What is odd in the outcome of one segment."""
    found = []
    for name, panel in by_segment.items():
        own = check_panel(panel, margin=config.finance.margin, max_lag=config.model.max_lag)
        odd = [c for c in own if c.check in ABOUT_THE_OUTCOME and c.severity != "pass"]
        found += [replace(c, where=f'{c.where}, segment "{name}"') for c in odd]
    return found


def _lay_out_parts(config: Config, by_segment: Mapping[str, Panel]) -> tuple[Part, ...]:
    """The model of every segment; what is believed of the whole is shared out by the size of their outcomes."""
    break_even = unit_economics(config.finance).break_even_roi
    sizes = {name: _size(panel, config) for name, panel in by_segment.items()}
    whole = sum(sizes.values())
    return tuple(
        Part(name, panel, lay_out(panel, config.model, break_even=break_even, share=sizes[name] / whole))
        for name, panel in by_segment.items()
    )


def _size(panel: Panel, config: Config) -> float:
    """Outcome of the modelled periods, whatever its sign, in money where it has a value."""
    money = panel.outcome if panel.unit_value is None else panel.outcome * panel.unit_value
    return float(np.nansum(np.abs(money[first_modelled(panel, config.model) :])))


def _margin_checks(config: Config, by_segment: Mapping[str, Panel]) -> list[Check]:
    """A margin of the whole that its segments do not make together."""
    margin, own = config.finance.margin, config.finance.margin_by_segment
    if margin is None or not own:
        return []
    sizes = {name: _size(panel, config) for name, panel in by_segment.items()}
    mean = sum(own[name] * size for name, size in sizes.items()) / sum(sizes.values())
    if abs(mean - margin) <= MARGIN_OFF:
        return []
    remedy = f"Write `gross_margin: {mean:.3f}`: break-even and beliefs of the whole stand on it, the plan does not."
    value = f"{margin:g}; segments make {mean:.3f} together"
    return [Check("gross margin", "review", "finance.gross_margin", "", value, remedy)]


def _refuse_unknown_margins(panel: Panel, config: Config, segments: Sequence[str]) -> None:
    """Refuse a margin of a channel or segment that nobody has, and a segment without one where others have."""
    channels = list(dict.fromkeys(cell.channel for cell in panel.cells))
    faults = [
        f"`finance.gross_margin`: {unknown(name, channels, 'channel')}"
        for name in config.finance.margins
        if name not in channels
    ]
    own = config.finance.margin_by_segment
    if own and not segments:
        faults.append(
            "`finance.margin_by_segment`: the outcome has no segments; name their column as `data.outcome.segment` "
            "(docs/segments.md)"
        )
    elif own:
        faults += [
            f"`finance.margin_by_segment`: {unknown(name, segments, 'segment')}"
            for name in own
            if name not in segments
        ]
        if lost := [name for name in segments if name not in own]:
            faults.append(
                f"`finance.margin_by_segment`: no margin of {', '.join(map(repr, lost))}; give one for each"
            )
    if faults:
        raise ConfigError(faults)


def _refuse_customers(config: Config, panel: Panel, segments: Sequence[str]) -> None:
    """Refuse names nobody has, and customers and leads that cannot be counted."""
    finance, name = config.finance, config.finance.customers.new
    channels = list(dict.fromkeys(cell.channel for cell in panel.cells))
    by_channel = {
        "finance.customer_lifetime_value": finance.customer_lifetime_value,
        "finance.buying.fee": finance.buying.fee,
        "goals.channels": config.goals.channels,
    }
    faults = [
        f"`{key}`: {unknown(named, channels, 'channel')}"
        for key, values in by_channel.items()
        for named in (values if isinstance(values, dict) else ())
        if named not in ("default", *channels)
    ]
    faults += [
        f"`finance.owned_cost`: {unknown(named, list(panel.organic_names), 'owned medium')}"
        for named in finance.owned_cost
        if named not in panel.organic_names
    ]
    by_column = config.data.organic.costs if config.data.organic else {}
    faults += [
        f"`finance.owned_cost.{name}`: column {by_column[name]!r} has its cost too (`data.organic.costs`); keep one"
        for name in finance.owned_cost
        if name in by_column
    ]
    if finance.handling_cost_per_lead > 0 and not any(table.leads for table in config.data.attribution):
        faults.append(
            "`finance.handling_cost_per_lead`: no table counts leads; name the column `leads` of one under "
            "`data.attribution`"
        )
    known = [*segments, *config.data.other_outcomes]
    if "new" in finance.customers.model_fields_set and fold(name) not in map(fold, known):
        there = f"there are {', '.join(known)}" if known else "this config has neither"
        faults.append(
            f"`finance.customers.new`: no segment of the outcome and no further outcome is called {name!r}; {there}"
        )
    beside = {fold(key): table.kind for key, table in config.data.other_outcomes.items()}
    if fold(name) not in map(fold, segments) and beside.get(fold(name)) == "revenue":
        faults.append(
            f"`data.other_outcomes.{name}`: new customers are counted, and this is money; give their number with "
            "`kind: count`"
        )
    if faults:
        raise ConfigError(faults)


def _experiments(
    config: Config, panel: Panel, only: Tests | None
) -> tuple[tuple[Experiment, ...], list[Check]]:
    """Past tests, then what others found."""
    first = first_modelled(panel, config.model)
    where = (config.data, config.channels, config.folder, panel)
    tests, told = (
        read_experiments(config.experiments, *where, first=first, only=only)
        if config.experiments
        else ((), [])
    )
    studies, more = read_studies(config.studies, *where, first=first) if config.studies else ((), [])
    return (*tests, *studies), [*told, *more]
