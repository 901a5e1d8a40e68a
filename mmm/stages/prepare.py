"""From a config to what every stage starts from: tables, panel, the arrays of the model, findings."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mmm.config import Config
from mmm.data.align import align_tables
from mmm.data.checks import check_panel
from mmm.data.experiments import Experiment, read_experiments
from mmm.data.panel import Check, Panel
from mmm.data.studies import read_studies
from mmm.data.tables import Tables, counts_files, input_files, load_tables
from mmm.data.three_counts import ThreeCounts, align_counts
from mmm.errors import DataError
from mmm.finance.economics import unit_economics
from mmm.model.layout import Layout, first_modelled, lay_out
from mmm.model.names import refuse_unknown_channels
from mmm.response.beliefs import belief_checks, twice_told
from mmm.response.carry import check_carry
from mmm.runs.files import sha256


@dataclass(frozen=True, slots=True)
class Prepared:
    """What every stage starts from: tables, panel, the model's arrays, findings, and what they were read from.

    `counts` are what three systems count, with files of their own in `counted`: no fit depends on them.
    """

    tables: Tables
    panel: Panel
    layout: Layout
    checks: list[Check]
    inputs: dict[str, str]
    counts: ThreeCounts
    counted: dict[str, str]


def prepare(config: Config, *, refuse: bool = True) -> Prepared:
    """Read the tables, align them, check them, and lay out the model.

    Raises
    ------
    DataError, ConfigError
        Faults that leave nothing to check; with `refuse`, a check that fails.
    """
    tables = load_tables(config.data, config.calendar, config.channels, config.folder)
    aligned = align_tables(
        tables, name=config.name, currency=config.currency, data=config.data, calendar=config.calendar
    )
    captured = {name for name, channel in config.channels.items() if channel.role == "demand_capture"}
    panel = replace(aligned.panel, demand_capture=frozenset(captured))
    refuse_unknown_channels(panel.cells, config.model, panel.organic_names)
    margin = config.finance.gross_margin
    found = check_panel(panel, margin=margin, max_lag=config.model.max_lag)
    experiments, told = _experiments(config, panel)
    counts, heard = align_counts(tables, panel)
    checks = [*aligned.checks, *found, *told, *heard]
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
        checks += belief_checks(layout, margin=config.finance.gross_margin, has_money=has_money)
        checks += twice_told(layout, config.model.priors)
    files = input_files(config.data, config.calendar, config.folder)
    files = (*files, *(config.folder / told.source for told in (config.experiments, config.studies) if told))
    inputs = {str(path): sha256(path) for path in files}
    counted = {str(path): sha256(path) for path in counts_files(config.data, config.folder)}
    return Prepared(tables, panel, layout, checks, inputs, counts, counted)  # type: ignore[arg-type]


def _experiments(config: Config, panel: Panel) -> tuple[tuple[Experiment, ...], list[Check]]:
    """Past tests, then what others found."""
    first = first_modelled(panel, config.model)
    where = (config.data, config.channels, config.folder, panel)
    tests, told = (
        read_experiments(config.experiments, *where, first=first) if config.experiments else ((), [])
    )
    studies, more = read_studies(config.studies, *where, first=first) if config.studies else ((), [])
    return (*tests, *studies), [*told, *more]
