"""Known returns of small simulated companies of many kinds, found again, and a plan by each side on its own fit.

Sides are ours, the peers, and ours without its defaults. Every fit is a line of `out/recovery.jsonl`. A measurement
that is stopped goes on where it was: what has a line is not fitted again, unless the world itself has changed since.
Worlds are made by `mmm.simulate.worlds`, which does not know the model; `decisions.py` scores the plans.
"""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from benchmarks.environments import HERE, OUT, environment_of, python_of
from benchmarks.scores import Estimate
from benchmarks.speed import machine
from mmm.simulate.world_kinds import KINDS
from mmm.simulate.worlds import simulate_world
from mmm.simulate.write import write_world

LINES = OUT / "recovery.jsonl"
SIDES = ("ours", "pymc-marketing", "meridian")
VARIANTS = ("no-history", "white-noise", "no-trend", "no-structural-error", "geometric", "student-t")
"""Our defaults, each off in turn, and Student-t noise instead of normal: see `peers/worlds_ours.py`."""
KNOWN_KINDS = {kind.name: kind for kind in KINDS}
LEAST_RETURN = 0.05
"""A true return below this has no log worth scoring: it is judged by the chance the fit gives it to be above 1."""
_SCRIPTS = {side: HERE / "peers" / f"worlds_{side.replace('-', '_')}.py" for side in SIDES}


@dataclass(frozen=True, slots=True)
class Fit:
    """One side on one world.

    Attributes
    ----------
    roi, mroi
        Cells with a true return of at least `LEAST_RETURN`. Of a refused fit, the prior's.
    nothing
        The chance to be above 1 that cells got whose true return is below that.
    refused
        Why there is no result; its cells count as not covered.
    """

    kind: str
    world: str
    side: str
    variant: str
    roi: tuple[Estimate, ...]
    mroi: tuple[Estimate, ...]
    nothing: tuple[float, ...]
    seconds: float
    refused: str
    measured: str
    machine: str


def measure(
    kinds: Sequence[str], worlds: int, sides: Sequence[str], variants: Sequence[str], jobs: int = 1
) -> Path:
    """Fit what is not fitted yet and append it to `out/recovery.jsonl`.

    Parameters
    ----------
    kinds
        Names of `mmm.simulate.world_kinds.KINDS`.
    worlds
        Worlds of each kind, numbered from 1.
    sides
        Who fits; `variants` go to our side only, and `default` is everyone's.
    jobs
        Fits at a time; more than one makes the seconds worthless.
    """
    # number by number, so that a measurement stopped early has every kind
    names = [f"{kind}-{number}" for number in range(1, worlds + 1) for kind in kinds]
    digests = {name: _write(name) for name in names}
    done = {(line["side"], line["variant"], line["world"], line["digest"]) for line in _lines()}
    lock = Lock()
    work = []
    for side in sides:
        for variant in variants if side == "ours" else ("default",):
            left = [name for name in names if (side, variant, name, digests[name]) not in done]
            work += [(side, variant, left[job::jobs], lock) for job in range(jobs)]
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(lambda task: _fit(*task), work))
    return LINES


def _write(name: str) -> str:
    """Write a world; returns the hash of its table."""
    kind, _, number = name.rpartition("-")
    folder = OUT / "worlds" / name
    write_world(simulate_world(KNOWN_KINDS[kind], int(number)), folder)
    return _digest((folder / "world.csv").read_bytes())


def _digest(table: bytes) -> str:
    return hashlib.sha256(table).hexdigest()[:16]


def _fit(side: str, variant: str, names: Sequence[str], lock: Lock) -> None:
    """One process over some worlds; each line is kept as it comes. A world that breaks the process is told."""
    left = list(names)
    while left:
        command = [str(python_of(side)), str(_SCRIPTS[side]), "--variant", variant]
        command += [str(OUT / "worlds" / name) for name in left]
        running = subprocess.Popen(
            command,
            env=environment_of(side) | _path(side),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with ThreadPoolExecutor(1) as beside:
            told = beside.submit(running.stderr.read)  # read beside, or a full pipe would stop the process
            for row in running.stdout:
                if row.startswith("{"):
                    line = json.loads(row)
                    _keep({"side": side, "variant": variant, **line}, lock)
                    left.remove(line["world"])
            failed = running.wait()
        if not failed:
            return
        world = left.pop(0)
        last = (told.result().strip().splitlines() or ["no message"])[-1]
        _keep({"side": side, "variant": variant, "world": world, "failed": last}, lock)


def _path(side: str) -> dict[str, str]:
    return {"PYTHONPATH": str(HERE.parent)} if side == "ours" else {}


def _keep(line: dict[str, Any], lock: Lock) -> None:
    table = (OUT / "worlds" / line["world"] / "world.csv").read_bytes()
    when = {"digest": _digest(table), "measured": datetime.now(UTC).date().isoformat(), "machine": machine()}
    with lock, LINES.open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(line | when) + "\n")
    said = (
        line.get("failed") or line["refused"] or f"{len(line['cells'])} cells, {line['seconds']['fit']:.1f} s"
    )
    print(f"{line['side']:16}{line['variant']:22}{line['world']:20}{said}", flush=True)


def _lines() -> list[dict[str, Any]]:
    if not LINES.exists():
        return []
    return [json.loads(row) for row in LINES.read_text(encoding="utf-8").splitlines()]


def current_lines() -> list[dict[str, Any]]:
    """What was measured on the worlds as they are now."""
    found = _lines()
    digests = {name: _write(name) for name in dict.fromkeys(line["world"] for line in found)}
    return [line for line in found if line["digest"] == digests[line["world"]]]


def fits() -> list[Fit]:
    """What was measured on the worlds as they are now, beside the truth; failures of a side are left out."""
    return [_beside_truth(line) for line in current_lines() if "failed" not in line]


def _beside_truth(line: dict[str, Any]) -> Fit:
    truth = read_truth(OUT / "worlds" / line["world"] / "truth.csv")
    # our default explains the rows after the first weeks; whoever starts from zero explains all of them
    window = "" if line["side"] == "ours" and line["variant"] != "no-history" else "_whole"
    roi, mroi, nothing = [], [], []
    for channel, cell in line["cells"].items():
        true = truth[channel][f"roi{window}"]
        if true < LEAST_RETURN:
            nothing.append(cell["p_above_1"])
            continue
        roi.append(Estimate(line["world"], channel, true, *cell["roi"]))
        if (marginal := truth[channel][f"mroi{window}"]) >= LEAST_RETURN:
            mroi.append(Estimate(line["world"], channel, marginal, *cell["mroi"]))
    return Fit(
        kind=line["world"].rpartition("-")[0],
        world=line["world"],
        side=line["side"],
        variant=line["variant"],
        roi=tuple(roi),
        mroi=tuple(mroi),
        nothing=tuple(nothing),
        seconds=line["seconds"]["fit"],
        refused=line["refused"],
        measured=line["measured"],
        machine=f"{line['machine']['cores']} cores, {line['machine']['processor']}",
    )


def read_truth(path: Path) -> dict[str, dict[str, float]]:
    """True returns by channel and column."""
    with path.open(encoding="utf-8", newline="") as handle:
        return {
            row["channel"]: {name: float(value) for name, value in row.items() if name != "channel"}
            for row in csv.DictReader(handle)
        }
