"""The tables of benchmarks/README.md, written between markers from the JSON files in `out/`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.accuracy import Outcome
from benchmarks.scores import Estimate, Score, score
from benchmarks.speed import Median

NAMES = {"ours": "mmm-planner", "pymc-marketing": "PyMC-Marketing, nutpie", "meridian": "Meridian"}
ON_SAMPLES = {"national": "meridian/national_media.csv", "geo": "meridian/geo_media.csv"}


def speed_table(rows: Sequence[Median], stopped: Sequence[tuple[str, str, int]] = ()) -> str:
    """Seconds by work and side; the ratio is the side's seconds over ours. Sides that were stopped come last."""
    ours = {row.work: row for row in rows if row.side == "ours"}
    lines = []
    for row in sorted(rows, key=lambda row: list(ON_SAMPLES).index(row.work)):
        base = ours.get(row.work)
        at_400 = row.seconds_to_ess / base.seconds_to_ess if base else None
        as_run = row.seconds_at_defaults / base.seconds_at_defaults if base else None
        lines.append(
            [
                row.work,
                NAMES.get(row.side, row.side),
                f"**{row.seconds_to_ess:.1f}** ({row.least:.1f} - {row.most:.1f})",
                _times(at_400),
                f"{row.seconds_at_defaults:.1f}",
                _times(as_run),
                f"{row.build:.1f} + {row.compile:.1f} + {row.sample:.1f}",
                f"{row.ess:.0f}",
                f"{row.ess_per_second:.1f}",
                f"{row.divergences:.0f}",
                f"{row.imports:.1f}",
                f"{row.peak_mib:.0f}",
            ]
        )
    for work, side, seconds in stopped:
        least = seconds / ours[work].seconds_at_defaults if work in ours else None
        ratio = "" if least is None else f"> {least:.0f}"
        name = NAMES.get(side, side)
        lines.append([work, name, "", "", f"not finished in {seconds}", ratio, *[""] * 6])
    head = [
        "sample", "side", "s to ESS 400 (least - most)", "x ours", "s at default draws", "x ours",
        "build + compile + sample, s", "ESS", "ESS / s", "divergences", "import, s", "peak MiB",
    ]  # fmt: skip
    return markdown(head, lines)


def machine_line(path: Path) -> str:
    """What was measured on what, with which versions."""
    told = json.loads(path.read_text())
    machine: dict[str, Any] = told["machine"]
    versions = {name: v for run in told["runs"] for name, v in run["versions"].items()}
    models: dict[str, dict[str, str]] = {}
    for run in told["runs"]:
        models.setdefault(NAMES.get(run["side"], run["side"]), {})[_settings(run)] = run["work"]
    runs = max((run["run"] for run in told["runs"]), default=0)
    return "\n".join(
        [
            f"Median of {runs}, {machine['cores']} cores, {machine['processor']}, {machine['system']}; "
            f"load at the end {machine['load']:.1f}; "
            + ", ".join(f"{k} {v}" for k, v in versions.items())
            + ".",
            "",
            *(
                f"- {side}{f' ({work})' if len(texts) > 1 else ''}: {text}"
                for side, texts in models.items()
                for text, work in texts.items()
            ),
        ]
    )


def _settings(run: dict[str, Any]) -> str:
    return f"{run['model']}; {run['chains']} chains, {run['tune']} warm-up and {run['draws']} kept draws each"


def accuracy_table(outcomes: Sequence[Outcome]) -> str:
    """Scores by file and pooled over channels."""
    lines = [
        [outcome.file, *_score_cells(score(outcome.estimates)), f"{outcome.seconds:.0f}"]
        if outcome.estimates
        else [f"{outcome.file} ({outcome.reason})", *["-"] * 7, f"{outcome.seconds:.0f}"]
        for outcome in outcomes
    ]
    pooled = score([estimate for outcome in outcomes for estimate in outcome.estimates])
    seconds = sum(outcome.seconds for outcome in outcomes)
    lines.append(["**all channels**", *_score_cells(pooled), f"{seconds:.0f}"])
    return markdown(["file", *_SCORES, "s"], lines)


def peers_table(path: Path, truth: dict[str, dict[str, float]]) -> str:
    """Scores of every side on the Meridian samples, from the first run of the speed benchmark."""
    lines = []
    runs = json.loads(path.read_text())["runs"]
    for run in sorted(runs, key=lambda run: list(ON_SAMPLES).index(run["work"])):
        true = truth.get(ON_SAMPLES[run["work"]])
        if run["run"] != 1 or true is None:
            continue
        found = [
            Estimate(run["work"], channel, true[channel], *values) for channel, values in run["roi"].items()
        ]
        lines.append([run["work"], NAMES.get(run["side"], run["side"]), *_score_cells(score(found))])
    return markdown(["sample", "side", *_SCORES], lines)


def published_table(outcomes: Sequence[Outcome], others: dict[str, dict[str, float]]) -> str:
    """Mean absolute error of ROI in per cent: ours beside what was published for the same file."""
    libraries = sorted({library for errors in others.values() for library in errors})
    lines = []
    for outcome in outcomes:
        if outcome.file in others and outcome.estimates:
            errors = others[outcome.file]
            cells = [f"{errors[name]:.0%}" if name in errors else "-" for name in libraries]
            lines.append([outcome.file, f"{score(outcome.estimates).percent_error:.0%}", *cells])
    if not lines:
        return "No published results for the files that were fitted."
    return markdown(["file", NAMES["ours"], *libraries], lines)


_SCORES = ["channels", "mean log error", "mean abs log error", "as a factor", "90 % coverage", "width (log)",
           "interval score (log)"]  # fmt: skip


def _score_cells(s: Score) -> list[str]:
    return [
        str(s.channels), f"{s.bias:+.2f}", f"{s.error:.2f}", f"{s.factor:.2f}", f"{s.coverage:.0%}",
        f"{s.width:.2f}", f"{s.interval_score:.2f}",
    ]  # fmt: skip


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1f}"


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; a bar in a value is escaped."""
    rows = [list(head), ["---"] * len(head), *map(list, lines)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def put(page: str, name: str, text: str) -> str:
    """The page with what stands between `<!-- name -->` and `<!-- /name -->` replaced.

    Raises
    ------
    ValueError
        Where the page does not have both markers, once and in this order.
    """
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found, rest = page.partition(start)
    _, closed, after = rest.partition(end)
    if not (found and closed) or page.count(start) != 1 or page.count(end) != 1:
        raise ValueError(f"the page needs {start} and then {end}, once each")
    return f"{before}{start}\n{text}\n{end}{after}"
