"""What a buyer pays for a line of the plan: net media, agency fee, VAT, gross; live formulas beside its total."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from mmm.reporting.results import About
from mmm.reporting.workbook import Book

HEADS = ("net_media", "fee", "vat", "gross")


def buying_columns(
    book: Book, sheet: Worksheet, about: About, head: int, place: int, lines: Sequence[tuple[str, float]]
) -> None:
    """Write the columns right of a total; nothing where the config gives neither fee nor VAT.

    Planned money is media and fee without VAT, so net and fee add up to it, and gross is it with its VAT.

    Parameters
    ----------
    head
        Row of the headings; the lines follow, then their total.
    place
        Column of the total.
    lines
        Channel and total money of each line; a line without a channel has the default fee.
    """
    if not about.fees and not about.vat:
        return
    usual = about.fees.get("default", 0.0)
    for k, name in enumerate(HEADS, start=1):
        book.text(sheet, head, place + k, book.voice.text(f"column.{name}"), "head_number")
    sheet.set_column(place + 1, place + len(HEADS), 13)
    sums = dict.fromkeys(range(1, 5), 0.0)
    for row, (channel, money) in enumerate(lines, start=head + 1):
        fee = about.fees.get(channel, usual)
        total, net, fees, vat = (xl_rowcol_to_cell(row, place + k) for k in range(4))
        paid = round(money / (1.0 + fee), 2)
        taxed = round(money * about.vat, 2)
        cells = (
            (f"=ROUND({total}/(1+{fee!r}),2)", paid),
            (f"={total}-{net}", money - paid),
            (f"=ROUND({total}*{about.vat!r},2)", taxed),
            (f"={net}+{fees}+{vat}", money + taxed),
        )
        for k, (formula, value) in enumerate(cells, start=1):
            sheet.write_formula(row, place + k, formula, book.looks["cents"], value)
            sums[k] += value
    first, last = head + 1, head + len(lines)
    for k, value in sums.items():
        book.sum(sheet, last + 1, place + k, ((first, place + k), (last, place + k)), value, "total_cents")
