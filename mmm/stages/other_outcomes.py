"""Further outcomes beside the one that money is planned on: a fit each, and their tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from mmm.config import Config
from mmm.data.panel import Check
from mmm.data.table_settings import OutcomeTable
from mmm.errors import DataError
from mmm.finance.settings import CustomersSettings
from mmm.model.settings import PriorSettings
from mmm.runs.manifest import package_version
from mmm.runs.store import RunFolder, stage_key
from mmm.stages.customers import FittedOutcome
from mmm.stages.fit import Progress, write_fit
from mmm.stages.keys import fit_key
from mmm.stages.prepare import Prepared, prepare
from mmm.stages.tables import write_csv, write_json

TABLES = ("roi", "contributions", "fit", "reviews")


@dataclass(frozen=True, slots=True)
class OtherOutcome:
    """A further outcome: the config as if it were the only one, and what its fit starts from."""

    name: str
    config: Config
    prepared: Prepared


def prepare_others(config: Config, *, refuse: bool = True) -> tuple[OtherOutcome, ...]:
    """Read, align and check the further outcomes of a config, each on the same media.

    Past tests, studies and beliefs on returns are about the first outcome: the others have the default beliefs.

    Raises
    ------
    DataError
        As `prepare`; the message names the outcome.
    """
    found = []
    for name, table in config.data.other_outcomes.items():
        alone = OutcomeTable.model_validate(table.model_dump(exclude_unset=True))
        data = config.data.model_copy(update={"outcome": alone, "other_outcomes": {}, "attribution": ()})
        model = config.model.model_copy(update={"priors": PriorSettings()})
        # this may be the new customers, and leads are counted beside the first
        without = {
            "customers": CustomersSettings(),
            "customer_lifetime_value": None,
            "handling_cost_per_lead": 0.0,
        }
        finance = config.finance.model_copy(update=without)
        one = config.model_copy(update={"data": data, "model": model, "finance": finance})
        one = one.model_copy(update={"experiments": None, "studies": None})
        try:
            found.append(OtherOutcome(name, one, prepare(one, refuse=refuse)))
        except DataError as error:
            raise DataError([f'outcome "{name}": {fault}' for fault in error.faults]) from None
    return tuple(found)


def checks_of(others: tuple[OtherOutcome, ...], told: list[Check]) -> list[Check]:
    """What the checks of further outcomes found and those of the first did not."""
    known = set(told)
    return [
        replace(check, where=f'{check.where}, outcome "{other.name}"')
        for other in others
        for check in other.prepared.checks
        if check not in known
    ]


def fitted_others(store: RunFolder, others: tuple[OtherOutcome, ...]) -> dict[str, FittedOutcome]:
    """The further outcomes that are fitted, by name."""
    found = {}
    for other in others:
        place = store.finished(_stage_of(other), fit_key(other.config, other.prepared))
        if place is not None:
            found[other.name] = FittedOutcome(other.prepared.panel, other.prepared.layout, place)
    return found


def _stage_of(other: OtherOutcome) -> str:
    return "other_" + hashlib.sha256(other.name.encode()).hexdigest()[:8]


def fit_others(
    store: RunFolder, others: tuple[OtherOutcome, ...], say: Progress, *, make: bool
) -> Path | None:
    """The tables of all further outcomes; None where there are none, or one is not fitted and is not to be.

    Raises
    ------
    Refused
        When the fit of one does not reach the gates; the message names it.
    """
    from mmm.inference.fit import Refused

    places: dict[str, Path] = {}
    keys = []
    for other in others:
        name, key = _stage_of(other), fit_key(other.config, other.prepared)
        keys.append(key)

        def sample(to: Path, other: OtherOutcome = other) -> None:
            write_fit(to, other.config, other.prepared, store, lambda text: say(f"{other.name}: {text}"))

        try:
            place = store.stage(name, key, sample) if make else store.finished(name, key)
        except Refused as refused:
            raise type(refused)(f'outcome "{other.name}": {refused}', refused.fitted) from None
        if place is None:
            return None
        places[other.name] = place
    if not places:
        return None
    joined = stage_key(json.dumps(list(places)), keys, {}, package_version())
    return store.stage("others", joined, lambda to: _write(to, places))


def _write(folder: Path, places: Mapping[str, Path]) -> None:
    """Tables of all of them under each other, with the name of the outcome in front; their diagnostics by name."""
    for name in TABLES:
        tables = []
        for outcome, place in places.items():
            table = pd.read_csv(place / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
            tables.append(table.assign(outcome_name=outcome))
        whole = pd.concat(tables, ignore_index=True).fillna("")
        columns = ["outcome_name", *(column for column in whole.columns if column != "outcome_name")]
        write_csv(whole[columns], folder / f"other_{name}.csv")
    told = {
        outcome: json.loads((place / "diagnostics.json").read_text(encoding="utf-8"))
        for outcome, place in places.items()
    }
    write_json(told, folder / "other_outcomes.json")
