"""The company as one national table in Hebrew: names, Sunday weeks, amounts with VAT inside."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mmm.simulate.company import Company
from mmm.simulate.tables import events_table, truth_mapping

CHANNELS = {
    "tv": "טלוויזיה",
    "outdoor": "שילוט חוצות",
    "search": "חיפוש",
    "facebook": "פייסבוק",
    "tiktok": "טיקטוק",
}
AUDIENCES = {
    "": "",
    "brand": "מותג",
    "generic": "כללי",
    "prospecting": "לקוחות חדשים",
    "retargeting": "רימרקטינג",
    "lookalike": "קהל דומה",
}
EVENTS = {"app launch": "השקת אפליקציה", "port strike": "שביתת נמלים"}
MEDIA_SHEET, EVENTS_SHEET = "מדיה", "אירועים"


def sunday_weeks(company: Company) -> np.ndarray:
    """First day of each shown week, one day before its Monday."""
    return company.dates[company.shown] - np.timedelta64(1, "D")


def sales_in_hebrew(company: Company, factor: float) -> pd.DataFrame:
    """Sales and controls of the whole country; indices weighted by people, money times `factor`."""
    shown, around = company.shown, company.around
    people = company.population / company.population.sum()
    return pd.DataFrame(
        {
            "שבוע": sunday_weeks(company),
            "הכנסות": (company.revenue[shown].sum(axis=1) * factor).round(2),
            "הזמנות": company.orders[shown].sum(axis=1).astype(int),
            "מדד מחירים": (around.price[shown] @ people).round(4),
            "פעילות מתחרים": (around.competitor[shown] @ people).round(2),
            "מדד ביקוש": (around.demand[shown] @ people).round(2),
            "ניוזלטר": around.newsletter[shown].sum(axis=1).astype(int),
        }
    )


def media_in_hebrew(company: Company, factor: float) -> pd.DataFrame:
    """Media of the whole country, one row per week and cell; money times `factor`."""
    weeks, cells = company.weeks, len(company.cells)
    exposure = company.exposure[company.shown].sum(axis=1)
    exposure[:, ~np.array(company.has_exposure)] = np.nan
    return pd.DataFrame(
        {
            "שבוע": np.repeat(sunday_weeks(company), cells),
            "ערוץ": np.tile([CHANNELS[cell.channel] for cell in company.cells], weeks),
            "קהל": np.tile([AUDIENCES.get(cell.audience, cell.audience) for cell in company.cells], weeks),
            "הוצאה": (company.spend[company.shown].sum(axis=1) * factor).round(2).ravel(),
            "חשיפות": exposure.ravel(),
        }
    )


def write_workbook(path: Path, media: pd.DataFrame, company: Company) -> None:
    """Media under a title and over a total, as people keep them, and the events on a sheet of their own."""
    total = pd.DataFrame({"שבוע": ['סה"כ'], "הוצאה": [round(float(media["הוצאה"].sum()), 2)]})
    events = events_table(company)
    events = pd.DataFrame(
        {"התחלה": events["start"], "סיום": events["end"], "אירוע": events["name"].map(EVENTS)}
    )
    with pd.ExcelWriter(
        path, engine="xlsxwriter", date_format="dd/mm/yyyy", datetime_format="dd/mm/yyyy"
    ) as book:
        book.book.set_properties({"created": datetime(2026, 11, 16, tzinfo=UTC)})  # the same bytes every time
        media.to_excel(book, sheet_name=MEDIA_SHEET, startrow=2, index=False)
        total.reindex(columns=media.columns).to_excel(
            book, sheet_name=MEDIA_SHEET, startrow=3 + len(media), index=False, header=False
        )
        book.sheets[MEDIA_SHEET].write(0, 0, 'הוצאות מדיה לפי שבוע, כולל מע"מ')
        book.sheets[MEDIA_SHEET].right_to_left()
        events.to_excel(book, sheet_name=EVENTS_SHEET, index=False)


def truth_in_hebrew(company: Company, factor: float) -> dict[str, Any]:
    """The truth with names as in the files; `factor` turns dollars into the currency, without VAT."""
    truth = truth_mapping(company, factor)
    del truth["experiments"]  # tests by region have no place in one national table
    for cell in truth["cells"]:
        cell["channel"] = CHANNELS[cell["channel"]]
        cell["audience"] = AUDIENCES.get(cell["audience"], cell["audience"])
    return truth
