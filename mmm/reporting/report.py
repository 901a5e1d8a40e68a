"""The report of a run: the page, the two pages to sign, and the workbook, from the same tables."""

from __future__ import annotations

from pathlib import Path

from xlsxwriter.exceptions import FileCreateError

from mmm.errors import InputError
from mmm.reporting.excel import write_workbook
from mmm.reporting.html import render_html
from mmm.reporting.letterhead import NO_LETTERHEAD, Letterhead
from mmm.reporting.pdf import render_pdf
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings


def write_report(
    results: Results, settings: ReportSettings, folder: Path, letterhead: Letterhead = NO_LETTERHEAD
) -> tuple[Path, ...]:
    """Write `report.html`, `report.pdf` and `plan.xlsx` into a folder.

    Parameters
    ----------
    results
        The tables of a finished run.
    settings
        The language of the report, and what the company is called.
    folder
        Where to write; made where it is missing.
    letterhead
        Logo and notes.

    Returns
    -------
    tuple of Path
        The page, the pages to sign and the workbook.

    Raises
    ------
    InputError
        When a file cannot be written (a full disk, a workbook open in Excel).
    InternalFault
        When the tables of the run contradict each other; nothing is written then.
    """
    page, sheets, workbook = (folder / name for name in ("report.html", "report.pdf", "plan.xlsx"))
    text = render_html(results, settings, letterhead)
    printed = render_pdf(results, settings, letterhead)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
        sheets.write_bytes(printed)
        write_workbook(results, settings, workbook)
    except (OSError, FileCreateError) as error:
        raise InputError(
            f"the report cannot be written to {folder} ({error}); is the disk full, or a file open elsewhere?"
        ) from None
    return page, sheets, workbook
