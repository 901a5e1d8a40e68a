"""`python -m benchmarks [STEP ...]`: speed, accuracy, tables; recovery, solver, growth and the others of `STEPS`."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import (
    accuracy,
    calibration,
    decision_tables,
    decisions,
    designs,
    environments,
    flighting,
    geo_tests,
    growth,
    ingest,
    lifetime,
    loop,
    portfolio,
    recovery,
    recovery_tables,
    solver,
    speed,
    tables,
)
from mmm.runs.engines import Workers

STEPS = (
    "speed",
    "accuracy",
    "recovery",
    "solver",
    "flighting",
    "growth",
    "ingest",
    "sbc",
    "designs",
    "geo-tests",
    "loop",
    "lifetime",
    "portfolio",
    "tables",
    "lock",
)


def main() -> None:
    """Run the steps that were asked for, in this order."""
    asked = _arguments()
    steps = asked.steps or ["speed", "accuracy", "tables"]
    draws = [] if asked.draws is None else ["--draws", str(asked.draws), "--tune", str(asked.draws)]
    sampling = {} if asked.draws is None else {"draws": asked.draws, "tune": asked.draws}
    if "lock" in steps:
        environments.lock()
    if "speed" in steps:
        speed.measure(asked.sides, asked.works, asked.runs, draws)
    if "accuracy" in steps:
        if (asked.data / "truth.csv").exists():
            accuracy.measure(asked.data, asked.only, sampling)
        else:
            print(f"accuracy: skipped, there is no {asked.data / 'truth.csv'}; name the folder with --data")
    if "recovery" in steps:
        variants = ("default", *recovery.VARIANTS) if asked.ablation else ("default",)
        recovery.measure(asked.classes, asked.worlds, asked.sides, variants, asked.jobs)
    if "solver" in steps:
        solver.measure()
    if "growth" in steps:
        growth.measure()
    if "ingest" in steps:
        ingest.measure()
    if "sbc" in steps:
        calibration.measure(asked.companies, Workers(asked.jobs, asked.engine))
    if "flighting" in steps:
        flighting.measure()
    if "designs" in steps:
        designs.measure()
    if "geo-tests" in steps:
        geo_tests.measure()
    if "loop" in steps:
        loop.measure(asked.worlds)
    if "lifetime" in steps:
        lifetime.measure()
    if "portfolio" in steps:
        portfolio.measure()
    if "tables" in steps:
        write_tables(asked.data)


def write_tables(data: Path) -> None:
    """Put the tables into README.md from whatever is in `out/`."""
    path = environments.HERE / "README.md"
    page = path.read_text(encoding="utf-8")
    measured, judged = environments.OUT / "speed.json", environments.OUT / "accuracy.json"
    truth = accuracy.read_truth(data) if (data / "truth.csv").exists() else {}
    if measured.exists():
        rows = tables.speed_table(speed.medians(measured), speed.stopped(measured))
        told = f"{rows}\n\n{tables.machine_line(measured)}"
        page = tables.put(page, "speed", told)
        if truth:
            page = tables.put(page, "peers", tables.peers_table(measured, truth))
    if judged.exists():
        outcomes = accuracy.outcomes_of(judged)
        page = tables.put(page, "accuracy", tables.accuracy_table(outcomes))
        if truth:
            others = accuracy.published(data, [outcome.file for outcome in outcomes])
            page = tables.put(page, "published", tables.published_table(outcomes, others))
    if found := recovery_tables.worlds_enough(recovery.fits()):
        told = [
            recovery_tables.ratios(found),
            recovery_tables.measured_line(found),
            recovery_tables.kinds_table(found),
        ]
        page = tables.put(page, "recovery", "\n\n".join(told))
        page = tables.put(page, "ablation", recovery_tables.ablation_table(found))
        made = recovery_tables.worlds_enough(decisions.decisions())
        ours = [one for one in made if one.side == "ours"]  # on every world it has
        told = [
            decision_tables.regret_ratio(made),
            decision_tables.decisions_table(made),
            decision_tables.decisions_table(ours),
        ]
        page = tables.put(page, "decisions", "\n\n".join(told))
    if solver.MEASURED.exists():
        page = tables.put(page, "solver", solver.table())
    if flighting.LINES.exists():
        page = tables.put(page, "flighting", flighting.table())
    if growth.LINES.exists():
        shown = f"![Seconds over size]({growth.picture().name})"
        page = tables.put(page, "growth", f"{growth.table()}\n\n{shown}")
    if ingest.LINES.exists():
        page = tables.put(page, "ingest", ingest.table())
    if ranked := calibration.found():
        shown = f"![Ranks of the truth]({calibration.picture(ranked).name})"
        page = tables.put(page, "sbc", f"{shown}\n\n{calibration.table(ranked)}")
    if designs.MEASURED.exists():
        page = tables.put(page, "designs", designs.table())
    if read := geo_tests.lines():
        page = tables.put(page, "geo-tests", geo_tests.table(read))
    if found_loop := loop.lines():
        page = tables.put(page, "loop", loop.table(found_loop))
    if portfolio.LINES.exists():
        page = tables.put(page, "portfolio", portfolio.table())
    path.write_text(page, encoding="utf-8")
    print(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("steps", nargs="*", choices=[[], *STEPS], metavar="STEP", help=", ".join(STEPS))
    parser.add_argument(
        "--sides", nargs="+", default=list(environments.SCRIPTS), choices=environments.SCRIPTS
    )
    parser.add_argument("--works", nargs="+", default=list(speed.WORKS), choices=speed.WORKS)
    parser.add_argument("--runs", type=int, default=3, help="measured runs of each side, after one discarded")
    parser.add_argument("--draws", type=int, help="fewer draws, for a try; not for numbers to quote")
    parser.add_argument(
        "--data", type=Path, default=speed.ROOT.parent / "shared" / "data", help="folder with truth.csv"
    )
    parser.add_argument("--only", default="", help="accuracy: part of a file's name")
    parser.add_argument("--worlds", type=int, default=3, help="recovery: worlds of each class; loop: worlds")
    parser.add_argument(
        "--classes", nargs="+", default=list(recovery.KNOWN_KINDS), choices=recovery.KNOWN_KINDS, metavar="CLASS",
        help=f"recovery: some of {', '.join(recovery.KNOWN_KINDS)}",
    )  # fmt: skip
    parser.add_argument(
        "--jobs", type=int, default=1, help="recovery, sbc: fits at a time; more than one blurs seconds"
    )
    parser.add_argument(
        "--ablation", action="store_true", help="recovery: also each of our defaults off in turn"
    )
    parser.add_argument(
        "--engine", default="", help="sbc: dask://HOST:PORT or ray://HOST:PORT fits in its place"
    )
    parser.add_argument("--companies", type=int, default=150, help="sbc: companies of each kind")
    return parser.parse_args()


if __name__ == "__main__":
    main()
