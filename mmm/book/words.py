"""What the sheets, settings and columns of the workbook are called, in English and Hebrew, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from mmm.reporting.settings import ReportSettings

Language = Literal["en", "he"]
Kind = Literal["text", "code", "money", "share", "amount", "day", "choice", "list", "name"]


@dataclass(frozen=True, slots=True)
class Term:
    """A word in both languages."""

    en: str
    he: str

    def said(self, language: Language) -> str:
        """The word in one language."""
        return self.he if language == "he" else self.en

    @property
    def both(self) -> tuple[str, str]:
        """The word in every language: a workbook may be written in either."""
        return self.en, self.he


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the sheet of settings.

    Attributes
    ----------
    key
        The key of the config it gives.
    label, about
        What stands in its first and third cell.
    kind
        What its value is; decides the format of the cell and what Excel accepts in it.
    choices
        What may be chosen, by the value of the config.
    """

    key: str
    label: Term
    about: Term
    kind: Kind
    choices: Mapping[str, Term] | None = None


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a sheet: the name that the config or its table knows, and what it means."""

    key: str
    label: Term
    about: Term
    kind: Kind = "text"


SHEETS = {
    "guide": Term("Start here", "התחלה"),
    "settings": Term("Settings", "הגדרות"),
    "data": Term("Data", "נתונים"),
    "factors": Term("Other factors", "גורמים נוספים"),
    "limits": Term("Limits", "מגבלות"),
    "tests": Term("Past tests", "ניסויי עבר"),
    "events": Term("Events", "אירועים"),
    "example": Term("Example", "דוגמה"),
}
"""Every sheet, in its order; the first and the last are for the reader and never read."""

COLUMNS_OF_SETTINGS = (Term("Setting", "הגדרה"), Term("Value", "ערך"), Term("What it is", "הסבר"))

_WEEKDAYS = {
    "sunday": Term("Sunday", "ראשון"),
    "monday": Term("Monday", "שני"),
    "tuesday": Term("Tuesday", "שלישי"),
    "wednesday": Term("Wednesday", "רביעי"),
    "thursday": Term("Thursday", "חמישי"),
    "friday": Term("Friday", "שישי"),
    "saturday": Term("Saturday", "שבת"),
}
_LANGUAGES = {"en": Term("English", "אנגלית"), "he": Term("Hebrew", "עברית")}
_BUILT = get_args(ReportSettings.model_fields["language"].annotation)

COMPANY = Setting(
    "name",
    Term("Company", "חברה"),
    Term(
        "Name of the company, never the quarter. Results go into a folder of this name.",
        "שם החברה, לא הרבעון. התוצאות נשמרות בתיקייה בשם זה.",
    ),
    "name",
)

SETTINGS: tuple[tuple[Term, tuple[Setting, ...]], ...] = (
    (
        Term("The company", "החברה"),
        (
            COMPANY,
            Setting(
                "currency",
                Term("Currency", "מטבע"),
                Term("Three letters: USD, EUR, ILS.", "שלוש אותיות: ILS, USD, EUR."),
                "code",
            ),
            Setting(
                "finance.gross_margin",
                Term("Gross margin", "שיעור רווח גולמי"),
                Term(
                    "Gross margin of a unit of revenue, as 42 %. Without it profit stays empty.",
                    "הרווח הגולמי מכל יחידת הכנסה, למשל 42 %. בלעדיו הרווח נשאר ריק.",
                ),
                "share",
            ),
            Setting(
                "report.language",
                Term("Language of the report", "שפת הדוח"),
                Term("Language of the pages; empty: English.", "שפת הדפים; ריק: אנגלית."),
                "choice",
                {name: _LANGUAGES[name] for name in _BUILT},
            ),
        ),
    ),
    (
        Term("The data", "הנתונים"),
        (
            Setting(
                "data.outcome.kind",
                Term("The second column is", "העמודה השנייה היא"),
                Term(
                    "Money (revenue), or things counted. Empty: money.", "כסף (הכנסות) או יחידות. ריק: כסף."
                ),
                "choice",
                {"revenue": Term("Money", "כסף"), "count": Term("Units", "יחידות")},
            ),
            Setting(
                "data.outcome.value_per_unit",
                Term("Money per unit", "כסף ליחידה"),
                Term("Units only: what one of them is worth.", "ליחידות בלבד: שווי של יחידה אחת."),
                "amount",
            ),
            Setting(
                "data.outcome.vat_included",
                Term("VAT inside revenue", 'מע"מ בתוך ההכנסות'),
                Term(
                    "The rate, if revenue holds VAT; it is taken out. Empty: no VAT inside.",
                    'השיעור, אם ההכנסות כוללות מע"מ; הוא מנוכה. ריק: ללא מע"מ.',
                ),
                "share",
            ),
            Setting(
                "data.media[1].vat_included",
                Term("VAT inside spend", 'מע"מ בתוך ההוצאות'),
                Term(
                    "The rate, if spend holds VAT. Empty: no VAT inside.",
                    'השיעור, אם ההוצאות כוללות מע"מ. ריק: ללא.',
                ),
                "share",
            ),
            Setting(
                "calendar.week_starts",
                Term("First day of the week", "היום הראשון בשבוע"),
                Term("Empty: what the dates show.", "ריק: לפי התאריכים."),
                "choice",
                _WEEKDAYS,
            ),
            Setting(
                "calendar.holidays",
                Term("Public holidays of", "חגים של"),
                Term("Codes of countries, with commas: IL, US.", "קודים של מדינות, מופרדים בפסיקים: IL, US."),
                "list",
            ),
        ),
    ),
    (
        Term("The coming window", "התקופה הקרובה"),
        (
            Setting(
                "plan.window.start",
                Term("First day of the plan", "היום הראשון בתוכנית"),
                Term(
                    "Both days, or neither: then 13 weeks after the last row.",
                    "שני התאריכים, או אף אחד: אז 13 שבועות אחרי השורה האחרונה.",
                ),
                "day",
            ),
            Setting(
                "plan.window.end",
                Term("Last day of the plan", "היום האחרון בתוכנית"),
                Term("As above.", "כנ״ל."),
                "day",
            ),
            Setting(
                "plan.budget",
                Term("Budget", "תקציב"),
                Term(
                    "Money for the whole window, tests included. Empty: as much as in the mix compared with.",
                    "הכסף לכל התקופה, כולל הניסויים. ריק: כמו בתמהיל שמשווים אליו.",
                ),
                "money",
            ),
            Setting(
                "plan.reserve_for_tests",
                Term("Share for tests", "חלק לניסויים"),
                Term("At least 10 %. Empty: 10 %.", "לפחות 10 %. ריק: 10 %."),
                "share",
            ),
            Setting(
                "plan.reference",
                Term("Compare with", "להשוות מול"),
                Term(
                    "The mix that the plan is compared with. Empty: recent weeks.",
                    "התמהיל שמולו משווים. ריק: השבועות האחרונים.",
                ),
                "choice",
                {
                    "recent": Term("Recent weeks", "השבועות האחרונים"),
                    "last_year": Term("Last year", "שנה שעברה"),
                },
            ),
            Setting(
                "plan.change",
                Term("Largest change of a channel", "שינוי מרבי לערוץ"),
                Term(
                    "How far a channel may move from the mix compared with, where Limits say nothing. Empty: 50 %.",
                    "כמה ערוץ יכול לזוז מהתמהיל שמשווים אליו, כשאין מגבלה אחרת. ריק: 50 %.",
                ),
                "share",
            ),
            Setting(
                "plan.objective",
                Term("The plan seeks", "מטרת התוכנית"),
                Term(
                    "Empty: profit; revenue where no margin is given.", "ריק: רווח; הכנסות כשאין שיעור רווח."
                ),
                "choice",
                {
                    "profit": Term("Profit", "רווח"),
                    "revenue": Term("Revenue", "הכנסות"),
                    "outcome": Term("Outcome", "תוצאה"),
                },
            ),
        ),
    ),
)

DATA = (
    Heading(
        "date",
        Term("Week", "שבוע"),
        Term("First day of each week, one row a week.", "היום הראשון של כל שבוע, שורה לשבוע."),
        "day",
    ),
    Heading(
        "value",
        Term("Revenue", "הכנסות"),
        Term("Revenue of the week (or units; see Settings).", "ההכנסות בשבוע (או יחידות; ראו הגדרות)."),
        "amount",
    ),
    *(
        Heading(
            "spend",
            label,
            Term(
                "Spend of the week; 0 where nothing was spent. The heading is the name of the channel, or "
                "channel / audience. Add columns as needed.",
                "ההוצאה בשבוע; 0 כשלא הוצא דבר. הכותרת היא שם הערוץ, או ערוץ / קהל. הוסיפו עמודות לפי הצורך.",
            ),
            "amount",
        )
        for label in (
            Term("TV", "טלוויזיה"),
            Term("Search", "חיפוש"),
            Term("Social / new customers", "רשתות / לקוחות חדשים"),
            Term("Social / all", "רשתות / כולם"),
        )
    ),
)
"""The sheet of data: its first column is the week, its second the outcome, every other one a channel's spend."""

FACTORS = (
    Heading("date", Term("Week", "שבוע"), Term("As on the sheet of data.", "כמו בגיליון הנתונים."), "day"),
    Heading(
        "factor",
        Term("Price index", "מדד מחירים"),
        Term(
            "What else moves sales: price, promotion, a competitor. Never what advertising moves. A column each.",
            "מה עוד מזיז את המכירות: מחיר, מבצע, מתחרה. לעולם לא מה שהפרסום עצמו מזיז. עמודה לכל אחד.",
        ),
        "amount",
    ),
)

LIMITS = (
    Heading("channel", Term("Channel", "ערוץ"), Term("As on the sheet of data.", "כמו בגיליון הנתונים.")),
    Heading(
        "audience",
        Term("Audience", "קהל"),
        Term("One audience; empty: each of the channel's.", "קהל אחד; ריק: כל אחד מקהלי הערוץ."),
    ),
    Heading(
        "min",
        Term("Least", "לפחות"),
        Term(
            "Least money in the window; 0.8x: times the mix compared with.",
            "הסכום המזערי בתקופה; 0.8x: פי התמהיל שמשווים אליו.",
        ),
        "money",
    ),
    Heading(
        "max",
        Term("Most", "לכל היותר"),
        Term(
            "Most money in the window; 1.2x: times the mix compared with.",
            "הסכום המרבי בתקופה; 1.2x: פי התמהיל שמשווים אליו.",
        ),
        "money",
    ),
    Heading(
        "fixed",
        Term("Committed", "התחייבות"),
        Term(
            "Money already committed: exactly so much is planned.",
            "כסף שכבר התחייבתם עליו: בדיוק סכום זה מתוכנן.",
        ),
        "money",
    ),
)

TESTS = (
    Heading("id", Term("id", "מזהה"), Term("A name for the test.", "שם לניסוי.")),
    Heading("channel", Term("channel", "ערוץ"), Term("The channel tested.", "הערוץ שנבדק.")),
    Heading("audience", Term("audience", "קהל"), Term("Empty: all of it.", "ריק: כולם.")),
    Heading(
        "start",
        Term("start", "התחלה"),
        Term("First day of the changed spend.", "היום הראשון של ההוצאה ששונתה."),
        "day",
    ),
    Heading("end", Term("end", "סיום"), Term("Last day of it.", "היום האחרון שלה."), "day"),
    Heading(
        "spend_change",
        Term("spend_change", "שינוי הוצאה"),
        Term("Money added; negative where it was taken away.", "הכסף שנוסף; שלילי אם נלקח."),
        "money",
    ),
    Heading(
        "lift",
        Term("lift", "תוספת"),
        Term(
            "What it brought, in the unit of the second column of the data.",
            "מה זה הביא, ביחידות של העמודה השנייה בנתונים.",
        ),
        "amount",
    ),
    Heading(
        "lift_se",
        Term("lift_se", "שגיאת תקן"),
        Term("Its standard error.", "שגיאת התקן של התוספת."),
        "amount",
    ),
    Heading(
        "status",
        Term("status", "מצב"),
        Term("Empty, or void to leave the row out.", "ריק, או void כדי להשמיט את השורה."),
    ),
)
"""The columns of `experiments.source` that a template shows; any other of docs/experiments.md may be added."""

EVENTS = (
    Heading(
        "date",
        Term("First day", "יום ראשון"),
        Term("First day of the event.", "היום הראשון של האירוע."),
        "day",
    ),
    Heading("end", Term("Last day", "יום אחרון"), Term("Empty: one day.", "ריק: יום אחד."), "day"),
    Heading(
        "name",
        Term("Event", "אירוע"),
        Term("Its name; the same name has the same effect.", "שמו; לאותו שם אותה השפעה."),
    ),
)

HEADINGS = {"data": DATA, "factors": FACTORS, "limits": LIMITS, "tests": TESTS, "events": EVENTS}

GUIDE = (
    Term("From this workbook to a plan", "מחוברת זו לתוכנית"),
    Term(
        'Fill in "Settings": the value beside each line. Empty lines take their default.',
        'מלאו את "הגדרות": ערך ליד כל שורה. שורה ריקה מקבלת את ברירת המחדל.',
    ),
    Term(
        'Paste your weeks into "Data": the week, revenue, then a column of spend for each channel, headed by its name. '
        'Two years or more are good. "Example" shows how it looks.',
        'הדביקו את השבועות אל "נתונים": השבוע, ההכנסות, ואז עמודת הוצאה לכל ערוץ, וכותרתה שם הערוץ. '
        "שנתיים ויותר הן טובות. "
        '"דוגמה" מראה איך זה נראה.',
    ),
    Term(
        '"Other factors", "Limits", "Past tests" and "Events" may stay empty.',
        '"גורמים נוספים", "מגבלות", "ניסויי עבר" ו"אירועים" יכולים להישאר ריקים.',
    ),
    Term(
        "Save, close, and run:  mmm check {book}  then  mmm run {book}",
        "שמרו, סגרו, והריצו:  mmm check {book}  ואחר כך  mmm run {book}",
    ),
    Term(
        "Every fault that is found names its sheet and cell. Nothing leaves this machine.",
        "כל תקלה שנמצאת נקראת בשם הגיליון והתא. דבר לא יוצא מהמחשב הזה.",
    ),
)
