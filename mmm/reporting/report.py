"""The report of a run, by audience: the page, the two pages to sign, and the workbook, from the same tables.

Pictures of the charts are the first reader's: what is not on the page of that reader is on no picture.
"""

from __future__ import annotations

from pathlib import Path

from xlsxwriter.exceptions import FileCreateError

from mmm.errors import InputError
from mmm.reporting.audiences import editions, results_for
from mmm.reporting.excel import write_workbook
from mmm.reporting.html import render_page
from mmm.reporting.letterhead import NO_LETTERHEAD, Letterhead
from mmm.reporting.pdf import render_pdf
from mmm.reporting.pictures import FOLDER, pictures
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings


def write_report(
    results: Results, settings: ReportSettings, folder: Path, letterhead: Letterhead = NO_LETTERHEAD
) -> tuple[Path, ...]:
    """Write `report.html`, `report.pdf` and `plan.xlsx` into a folder, `figures/`, and the files of further audiences.

    Parameters
    ----------
    results
        The tables of a finished run.
    settings
        The language of the report, its audiences, and what the company is called.
    folder
        Where to write; made where it is missing.
    letterhead
        Logo and notes.

    Returns
    -------
    tuple of Path
        By audience the page, the pages to sign and the workbook; pictures are not among them.

    Raises
    ------
    InputError
        When a file cannot be written (a full disk, a workbook open in Excel).
    InternalFault
        When the tables of the run contradict each other; nothing is written then.
    """
    texts: list[tuple[Path, bytes]] = []
    books: list[tuple[Path, Results]] = []
    drawn: list[tuple[Path, bytes]] = []
    for edition in editions(settings.audiences):
        shown = results_for(results, edition.audience)
        page = render_page(shown, settings, letterhead, edition.audience)
        if not texts:  # the first reader
            drawn = [(folder / FOLDER / name, made) for name, made in pictures(page.charts, page.voice)]
        texts.append((folder / edition.page, page.html.encode()))
        if edition.sheets is not None and edition.workbook is not None:
            texts.append((folder / edition.sheets, render_pdf(shown, settings, letterhead)))
            books.append((folder / edition.workbook, shown))
    try:
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        for path, made in (*texts, *drawn):
            path.write_bytes(made)
        for path, shown in books:
            write_workbook(shown, settings, path)
    except (OSError, FileCreateError) as error:
        raise InputError(
            f"the report cannot be written to {folder} ({error}); is the disk full, or a file open elsewhere?"
        ) from None
    return (*(path for path, _ in texts), *(path for path, _ in books))
