"""The page, the pages to sign and the workbook."""

from __future__ import annotations

from pathlib import Path

from mmm.config import Config
from mmm.stages.fit import Progress


def write_report(folder: Path, config: Config, stages: list[Path], say: Progress) -> None:
    from mmm.reporting.report import write_report  # draws: a second that check, fit and plan need not wait
    from mmm.reporting.results import load_results

    say("writing the report")
    write_report(load_results(*stages), config.report, folder)
