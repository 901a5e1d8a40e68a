"""The line: every stage of a run in its order, made or taken as it was finished, and what is published of them.

Each stage writes one folder under `.stages/`, named by all it depends on, so a finished one is reused and a run
can be resumed. What a stage reads and writes is in `mmm/stages/`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mmm.config import Config
from mmm.errors import ConfigError
from mmm.runs.approvals import read_approvals
from mmm.runs.engines import HERE, Workers
from mmm.runs.manifest import package_version
from mmm.runs.store import RunFolder, stage_key
from mmm.stages.approved import plans_folder, record_of, write_record
from mmm.stages.at_hand import at_hand
from mmm.stages.check import refuse_plan, write_checks
from mmm.stages.designs import write_designs
from mmm.stages.fit import Progress, refuse_contradictions, write_fit
from mmm.stages.held import begun, held_key
from mmm.stages.keys import (
    as_json,
    backtest_key,
    fit_key,
    money_key,
    page_key,
    plan_key,
    pnl_key,
    scenario_settings,
    stress_key,
    tests_key,
)
from mmm.stages.money import write_money
from mmm.stages.other_outcomes import OtherOutcome, checks_of, fit_others, fitted_others, prepare_others
from mmm.stages.plan import write_plan
from mmm.stages.pnl import write_pnl
from mmm.stages.prepare import Prepared, prepare
from mmm.stages.readout import READOUT
from mmm.stages.refresh import refresh_key
from mmm.stages.report import report_inputs, write_report
from mmm.stages.rollout import PROPOSALS, ROLLOUT, rollout_key, write_proposals
from mmm.stages.scenarios import write_scenarios
from mmm.stages.segments import write_segments
from mmm.stages.view import Run

MADE = {
    "scorecard": {"money"},
    "reconcile": {"money"},
    "fit": {"fit", "money"},
    "market": {"fit", "money"},
    "plan": {"fit", "money", "plan", "pnl"},
    "tests": {"fit", "money", "plan", "tests", "pnl"},
    "scenarios": {"fit", "money", "plan", "pnl", "scenarios"},
    "report": {"fit", "money", "plan", "pnl", "scenarios", "report"},
    "run": {"fit", "money", "plan", "tests", "pnl", "scenarios", "report"},
    "stress": {"fit", "money", "report"},  # where there is a plan to report
    "backtest": {"report"},
    "refresh": {"fit", "money", "report"},
    "tests rollout": {"report"},
}
"""What a command makes of the line; the rest is published where it is finished and still true."""


@dataclass(frozen=True, slots=True)
class Line:
    """The stages of one command in one run folder.

    Attributes
    ----------
    printed
        Hashes of the files that the report prints: logo and notes.
    workers
        Who shares what can be shared out.
    """

    command: str
    store: RunFolder
    config: Config
    prepared: Prepared
    others: tuple[OtherOutcome, ...]
    printed: Mapping[str, str]
    workers: Workers
    say: Progress

    @property
    def fit_key(self) -> str:
        """What names the fit of these data and settings."""
        return fit_key(self.config, self.prepared)

    def done(self, name: str, key: str, make: Callable[[Path], None]) -> Path | None:
        """A stage, made where this command makes it; else as it was finished, or None."""
        if name in MADE[self.command]:
            return self.store.stage(name, key, make)
        return self.store.finished(name, key)

    def check(self) -> Path:
        """What was read, and what was found in it."""
        about = as_json(self.config, checks=self.prepared.checks)
        key = stage_key(about, [], self.prepared.inputs, package_version())
        return self.store.stage("check", key, lambda to: write_checks(to, self.config, self.prepared))

    def fit(self, *, strict: bool) -> Path | None:
        """The posterior and its tables."""
        sample = write_segments if self.prepared.segments else write_fit
        fitted = self.done(
            "fit", self.fit_key, lambda to: sample(to, self.config, self.prepared, self.store, self.say)
        )
        if strict and fitted is not None:
            refuse_contradictions(fitted)
        return fitted

    def beside_the_fit(self, fitted: Path | None) -> list[Path]:
        """Money counted from the past, further outcomes, and what was tried on this fit and said of it."""
        store, config, prepared = self.store, self.config, self.prepared
        further = fit_others(store, self.others, self.say, make="fit" in MADE[self.command])
        fits = ["no fit" if fitted is None else self.fit_key]
        fits += [] if further is None else [further.name]
        outcomes = {} if further is None else fitted_others(store, self.others)
        money = self.done(
            "money",
            money_key(config, prepared, fits),
            lambda to: write_money(to, config, prepared, fitted, outcomes),
        )
        tried = store.latest("backtest", backtest_key(config, prepared))
        stressed = store.finished("stress", stress_key(self.fit_key))
        moved = store.finished("refresh", refresh_key(self.fit_key))
        record = begun(read_approvals(plans_folder(config)), prepared.panel.data_until)
        judged = None if record is None else store.finished("held", held_key(self.fit_key, record))
        return [place for place in (money, tried, stressed, further, moved, judged) if place is not None]

    def plan(self, fitted: Path, *, tests: bool) -> tuple[Path | None, str]:
        """The plan and its key; one whose tests are designed takes the place of the one they were designed from."""
        config, prepared, say = self.config, self.prepared, self.say
        key = plan_key(config, self.fit_key)
        planned = self.done("plan", key, lambda to: write_plan(to, config, prepared, fitted, say))
        if planned is None or not tests:
            return planned, key
        with_tests = tests_key(config, key)
        designed = self.done(
            "tests", with_tests, lambda to: write_designs(to, config, prepared, fitted, planned, say)
        )
        return (planned, key) if designed is None else (designed, with_tests)

    def beside_the_plan(self, fitted: Path, planned: Path, key: str) -> list[Path]:
        """Profit and loss of the plan, the plan of record beside it, and what is proposed after tests."""
        config, prepared, store = self.config, self.prepared, self.store
        profit = self.done(
            "pnl",
            pnl_key(config, prepared, key),
            lambda to: write_pnl(to, config, prepared, fitted, planned, self.say),
        )
        found = [] if profit is None else [profit]
        if (approved := record_of(config, planned)) is not None:
            named = stage_key("", [key, approved.manifest, str(approved.number)], {}, package_version())
            found.append(store.stage("record", named, lambda to: write_record(to, approved, planned)))
        return found

    def proposals(self, key: str) -> list[Path]:
        """What was proposed after tests, where somebody asked for it, with its pages."""
        asked = self.store.finished(ROLLOUT, rollout_key(self.config, self.prepared, key))
        if asked is None:
            return []
        pages = self.store.stage(
            PROPOSALS,
            page_key(self.config, asked.name),
            lambda to: write_proposals(to, self.config, asked),
        )
        return [asked, pages]

    def report(self, checked: Path, fitted: Path, planned: Path, key: str, beside: list[Path]) -> list[Path]:
        """Scenarios, and the report of all that is finished."""
        config, prepared, workers, say = self.config, self.prepared, self.workers, self.say
        compared_key = stage_key(scenario_settings(config), [key], {}, package_version())
        compared = self.done(
            "scenarios",
            compared_key,
            lambda to: write_scenarios(to, config, prepared, (fitted, planned), workers, say),
        )
        if compared is None:
            return []
        shown = [checked.name, self.fit_key, key, compared_key, *(place.name for place in beside)]
        settings = config.report.model_dump_json()
        stages = [checked, fitted, planned, compared, *beside]
        page = self.done(
            "report",
            stage_key(settings, shown, self.printed, package_version()),
            lambda to: write_report(to, config, stages, say),
        )
        return [compared] if page is None else [compared, page]


def carry_out(
    config: Config,
    command: str,
    out: Path | None,
    seed: int | None,
    progress: Progress | None,
    aside: Callable[[RunFolder, Config, Prepared], object] | None = None,
    *,
    strict: bool = False,
    tests: bool = True,
    workers: Workers = HERE,
) -> Run:
    """Make the stages of a command, and publish them with all that is finished; `aside` works beside the line."""
    say = progress or (lambda text: None)
    folder = out if out is not None else Path("reports") / config.name
    config = config if seed is None else _seeded(config, seed)
    tests = tests and _allows_tests(config, command)
    printed = report_inputs(config)  # what the report cannot read is said before the long fit
    brought = at_hand(config, say)
    config = brought.config
    say("reading and checking the data")
    prepared = prepare(config)
    others = prepare_others(config)
    found = [*brought.checks, *prepared.checks, *checks_of(others, prepared.checks)]
    prepared = replace(prepared, checks=found)
    if command not in ("refresh", "market") and ("fit" in MADE[command] or aside is not None):
        refuse_plan(prepared.panel, config)
    with RunFolder.open(folder, owner=f"{config.name} in {config.folder}") as store:
        line = Line(command, store, config, prepared, others, printed, workers, say)
        checked = line.check()
        if aside is not None:
            aside(store, config, prepared)
        fitted = line.fit(strict=strict)
        stages = [checked] if fitted is None else [checked, fitted]
        beside = line.beside_the_fit(fitted)
        planned, key = (None, "") if fitted is None else line.plan(fitted, tests=tests)
        if fitted is not None and planned is not None:
            beside += [*line.beside_the_plan(fitted, planned, key), *line.proposals(key)]
            stages += [planned, *line.report(checked, fitted, planned, key, beside)]
        manifest = store.manifest(
            command=command,
            config_text=config.text or as_json(config),
            config_hash=config.digest,
            inputs=prepared.inputs
            | prepared.counted
            | dict(brought.inputs)
            | {k: v for one in others for k, v in one.prepared.inputs.items()},
            seed=config.model.sampling.seed,
        )
        store.publish(artefacts([*stages, *beside, *store.kept(READOUT)]), manifest)
    return Run(folder)


def _allows_tests(config: Config, command: str) -> bool:
    """Whether tests may be designed: beside weeks as decisions they may not, as a test sets weeks of its own."""
    if config.plan.flighting is None:
        return True
    if command == "tests":
        raise ConfigError(
            [
                "`plan.flighting`: no tests are designed beside weeks as decisions yet; take it out to design some"
            ]
        )
    return False


def artefacts(stages: list[Path]) -> dict[str, Path]:
    """What the stages made, by name."""
    return {
        name: path
        for stage in stages
        for path in sorted(stage.rglob("*"))
        if path.is_file() and (name := path.relative_to(stage).as_posix()) != "stage.json"
    }


def _seeded(config: Config, seed: int) -> Config:
    sampling = config.model.sampling.model_copy(update={"seed": seed})
    return config.model_copy(update={"model": config.model.model_copy(update={"sampling": sampling})})
