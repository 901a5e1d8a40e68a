"""The report of a run: the page and the workbook, from the same tables."""

from __future__ import annotations

from pathlib import Path

from xlsxwriter.exceptions import FileCreateError

from mmm.errors import InputError
from mmm.reporting.excel import write_workbook
from mmm.reporting.html import render_html
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings


def write_report(results: Results, settings: ReportSettings, folder: Path) -> tuple[Path, ...]:
    """Write `report.html` and `plan.xlsx` into a folder.

    Parameters
    ----------
    results
        The tables of a finished run.
    settings
        The language of the report.
    folder
        Where to write; made where it is missing.

    Returns
    -------
    tuple of Path
        The page and the workbook.

    Raises
    ------
    InputError
        When a file cannot be written (a full disk, a workbook open in Excel).
    InternalFault
        When the tables of the run contradict each other; nothing is written then.
    """
    page, workbook = folder / "report.html", folder / "plan.xlsx"
    text = render_html(results, settings)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
        write_workbook(results, settings, workbook)
    except (OSError, FileCreateError) as error:
        raise InputError(
            f"the report cannot be written to {folder} ({error}); is the disk full, or a file open elsewhere?"
        ) from None
    return page, workbook
