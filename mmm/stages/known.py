"""What a fit knew, kept beside its draws: its settings, its tables, its past tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmm.config import Config
from mmm.data.experiments import Experiment
from mmm.data.known import as_one_frame, from_one_frame
from mmm.data.tables import Tables
from mmm.errors import InputError
from mmm.planning.settings import ApprovedPlan
from mmm.warehouse.snapshot import write_snapshot

if TYPE_CHECKING:
    from mmm.stages.prepare import Prepared

ROWS, SETTINGS = "known.parquet", "known.json"
Tests = Mapping[str, Mapping[str, Any]]
"""Past tests by id: lift, lift_se and settled as they were."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a fit knew.

    Attributes
    ----------
    config
        Its settings; paths are relative to the folder of the config as it is now.
    tables
        Its rows.
    until
        Last day of its data.
    tests
        Its past tests.
    """

    config: Config
    tables: Tables
    until: np.datetime64
    tests: Tests


def write_known(folder: Path, config: Config, prepared: Prepared) -> None:
    """Write `known.parquet` and `known.json`."""
    write_snapshot(as_one_frame(prepared.tables), folder / ROWS)
    plain = config.model_copy(update={"data": config.data.model_copy(update={"exports": ()})})
    reference = config.plan.reference
    told = {
        "config": plain.model_dump(mode="json", exclude_unset=True),
        "approved": reference.model_dump(mode="json") if isinstance(reference, ApprovedPlan) else None,
        "data_until": str(prepared.panel.data_until),
        "tests": {test.id: _told(test) for test in prepared.layout.experiments},
    }
    (folder / SETTINGS).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def is_known(folder: Path) -> bool:
    """Whether a fit kept what it knew."""
    return (folder / ROWS).is_file() and (folder / SETTINGS).is_file()


def read_known(folder: Path, now: Tables, place: Path) -> Known:
    """Read what a fit knew.

    Parameters
    ----------
    now
        Tables of the same company: what is not kept (days of holidays, where files are) is theirs.
    place
        Folder of the config.

    Raises
    ------
    InputError
        The files are missing or cannot be read.
    """
    import duckdb

    try:
        rows = duckdb.connect(":memory:").read_parquet(str(folder / ROWS)).df()
        told = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        config = Config.model_validate({**told["config"], "folder": place})
        if told["approved"] is not None:
            approved = ApprovedPlan.model_validate(told["approved"])
            config = config.model_copy(
                update={"plan": config.plan.model_copy(update={"reference": approved})}
            )
        return Known(config, from_one_frame(rows, now), np.datetime64(told["data_until"]), told["tests"])
    except (OSError, ValueError, KeyError, TypeError, duckdb.Error) as error:
        raise InputError(
            f"{folder}: what this fit knew cannot be read ({type(error).__name__}); it was made by another mmm, or "
            "the files are damaged. Run the quarter's config once more, then refresh"
        ) from None


def known_tests(experiments: Sequence[Experiment], tests: Tests) -> tuple[Experiment, ...]:
    """Past tests as they were known; those that were not are left out."""
    return tuple(
        replace(test, **{key: tests[test.id][key] for key in ("lift", "lift_se", "settled")})
        for test in experiments
        if test.id in tests
    )


def changed_tests(experiments: Sequence[Experiment], tests: Tests) -> tuple[str, ...]:
    """Ids of tests that are new, dropped, or say something else by now."""
    now = {test.id: _told(test) for test in experiments}
    return tuple(name for name in dict.fromkeys([*now, *tests]) if now.get(name) != tests.get(name))


def _told(test: Experiment) -> dict[str, Any]:
    return {"lift": float(test.lift), "lift_se": float(test.lift_se), "settled": test.settled}
