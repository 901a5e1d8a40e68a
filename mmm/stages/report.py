"""The page, the pages to sign and the workbook."""

from __future__ import annotations

from pathlib import Path

from mmm.config import Config
from mmm.reporting.letterhead import letterhead
from mmm.runs.files import sha256
from mmm.stages.fit import Progress


def report_inputs(config: Config) -> dict[str, str]:
    """Hash of the files that the report's settings name.

    Raises
    ------
    ConfigError
        One of them cannot be on a page; nothing is computed before that is known.
    """
    letterhead(config.report, config.folder)
    named = [path for path in (config.report.brand.logo, config.report.notes) if path is not None]
    return {str(path): sha256(config.folder / path) for path in named}


def write_report(folder: Path, config: Config, stages: list[Path], say: Progress) -> None:
    from mmm.reporting.report import write_report  # draws: a second that check, fit and plan need not wait
    from mmm.reporting.results import load_results

    say("writing the report")
    write_report(load_results(*stages), config.report, folder, letterhead(config.report, config.folder))
