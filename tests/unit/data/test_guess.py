import datetime as dt
from pathlib import Path

import openpyxl
import pytest

from mmm.config import Config, load_config
from mmm.data.guess import Guess, guess_config, render
from mmm.errors import ConfigError, DataError

WEEKS = [dt.date(2025, 1, 5) + dt.timedelta(weeks=i) for i in range(30)]


def write(
    path: Path, header: str, *columns: object, encoding: str = "utf-8", date_form: str = "%Y-%m-%d"
) -> Path:
    """A weekly CSV: the first column is the week, each other holds one value or a function of the row."""
    rows = [
        ",".join([day.strftime(date_form), *(str(c(i) if callable(c) else c) for c in columns)])
        for i, day in enumerate(WEEKS)
    ]
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return path


def load(guess: Guess, path: Path, answers: dict[str, str] | None = None) -> Config:
    path.parent.mkdir(exist_ok=True)
    path.write_text(render(guess, answers or {}), encoding="utf-8")
    return load_config(path)


def cells(config: Config) -> list[tuple[str, str, str, str | None]]:
    return [(c.channel, c.audience, c.spend, c.exposure) for table in config.data.media for c in table.cells]


def guess_of(tmp_path: Path, *paths: Path) -> tuple[Guess, Config]:
    out = tmp_path / "configs" / "acme.yaml"
    guess = guess_config(paths, out=out)
    return guess, load(guess, out)


def test_a_wide_file_becomes_a_config_that_loads(tmp_path):
    header = (
        "week,revenue,tv_spend,facebook_spend,facebook_impressions,newsletter,price_index,holiday,notes,zzz"
    )
    path = write(tmp_path / "weekly.csv", header, 100, 5, 6, 700, 1, 1.5, 0, "", 4)
    guess, config = guess_of(tmp_path, path)
    data = config.data
    assert (config.name, config.currency) == ("acme", None)
    assert (config.folder / data.source).resolve() == path.resolve()
    assert data.source == Path("../weekly.csv")
    assert (data.date, data.geo, data.outcome.value, data.grain) == ("week", None, "revenue", "week")
    assert cells(config) == [
        ("tv", "", "tv_spend", None),
        ("facebook", "", "facebook_spend", "facebook_impressions"),
    ]
    assert data.organic.columns == ("newsletter",)
    assert [c.name for c in data.controls.columns] == ["price_index"]
    assert config.calendar.week_starts == "sunday"
    assert config.finance.gross_margin is None
    assert config.plan.window.start == dt.date(2025, 10, 1)
    assert '"holiday"' in guess.text
    assert 'Not used of weekly.csv: "zzz"' in guess.text
    assert guess.text == render(guess, {})
    assert any('outcome is "revenue"' in line for line in guess.guessed)


def test_the_suffixes_of_robyn_are_known(tmp_path):
    header = "DATE,revenue,tv_S,search_clicks_P,search_S,competitor_sales_B,facebook_I,facebook_S,events"
    path = write(tmp_path / "r.csv", header, 100, 5, 40, 3, 9, 70, 2, lambda i: "sale" if i == 3 else "na")
    _, config = guess_of(tmp_path, path)
    assert cells(config) == [
        ("tv", "", "tv_S", None),
        ("search", "", "search_S", "search_clicks_P"),
        ("facebook", "", "facebook_S", "facebook_I"),
    ]
    assert [c.name for c in config.data.controls.columns] == ["competitor_sales_B"]
    assert config.data.events.name == "events"


def test_a_count_with_a_value_and_regions_is_known(tmp_path):
    header = "time,geo,Channel0_impression,Organic_channel0_impression,Channel0_spend,conversions"
    path = write(
        tmp_path / "m.csv", header + ",revenue_per_conversion,population", "north", 9, 8, 7, 100, 0.02, 5000
    )
    _, config = guess_of(tmp_path, path)
    outcome = config.data.outcome
    assert (outcome.value, outcome.kind, outcome.value_per_unit) == (
        "conversions",
        "count",
        "revenue_per_conversion",
    )
    assert (outcome.population, config.data.geo) == ("population", "geo")
    assert cells(config) == [("Channel0", "", "Channel0_spend", "Channel0_impression")]
    assert config.data.organic.columns == ("Organic_channel0_impression",)


def test_audiences_in_the_names_of_columns_are_taken_apart(tmp_path):
    path = write(
        tmp_path / "w.csv",
        "date,sales,fb_prospecting_spend,fb_retargeting_spend,paid_search_cost",
        9,
        1,
        2,
        3,
    )
    _, config = guess_of(tmp_path, path)
    assert [cell[:2] for cell in cells(config)] == [
        ("fb", "prospecting"),
        ("fb", "retargeting"),
        ("paid_search", ""),
    ]


def test_media_named_without_the_word_spend_are_taken_with_a_question(tmp_path):
    guess, config = guess_of(
        tmp_path, write(tmp_path / "w.csv", "date,sales,Facebook,TV,humidity", 9, 1, 2, 3)
    )
    assert [cell[0] for cell in cells(config)] == ["Facebook", "TV"]
    assert guess.text.count("is this money?") == 2


def test_hebrew_in_windows_1255_beside_a_workbook_of_long_media_is_known(tmp_path):
    sales = write(
        tmp_path / "מכירות.csv",
        "שבוע,הכנסות,ניוזלטר,מחיר",
        100,
        2,
        3,
        encoding="cp1255",
        date_form="%d/%m/%Y",
    )
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "מדיה"
    sheet.append(["דוח מדיה"])
    sheet.append(["שבוע", "ערוץ", "קהל", "הוצאה", "חשיפות"])
    for day in WEEKS:
        for channel in ("טלוויזיה", "פייסבוק"):
            sheet.append([dt.datetime(day.year, day.month, day.day), channel, "כללי", 100, 2000])
    events = book.create_sheet("אירועים")
    for row in (["התחלה", "סיום", "אירוע"], [dt.datetime(2025, 3, 1), dt.datetime(2025, 3, 3), "השקה"]):
        events.append(row)
    book.save(tmp_path / "media.xlsx")
    guess, config = guess_of(tmp_path, sales, tmp_path / "media.xlsx")
    assert config.currency == "ILS"
    assert config.calendar.holidays.countries == ("IL",)
    assert config.data.outcome.value == "הכנסות"
    (table,) = config.data.media
    assert (table.source, table.sheet) == (Path("../media.xlsx"), "מדיה")
    assert (table.channel, table.audience, table.spend, table.exposure) == ("ערוץ", "קהל", "הוצאה", "חשיפות")
    spans = config.data.events
    assert (spans.sheet, spans.date, spans.end, spans.name) == ("אירועים", "התחלה", "סיום", "אירוע")
    assert any("טלוויזיה, פייסבוק" in line for line in guess.guessed)


def test_what_platforms_claim_and_results_of_tests_are_not_taken_for_data(tmp_path):
    main = write(tmp_path / "a.csv", "date,revenue,platform_revenue,crm_customers,tv_spend", 9, 8, 7, 6)
    tests = tmp_path / "tests.csv"
    tests.write_text("id,channel,start,end,spend_change,lift,lift_se\n1,tv,2025-01-05,2025-02-05,-5,3,1\n")
    _, config = guess_of(tmp_path, main, tests)
    assert config.data.outcome.value == "revenue"
    assert len(config.data.media) == 1
    assert config.data.organic is None


def test_names_that_yaml_would_misread_come_back_whole(tmp_path):
    header = 'week,"sales: net # %","NO\\ ""x"" spend"'
    _, config = guess_of(tmp_path, write(tmp_path / "w.csv", header, 100, 5))
    assert config.data.outcome.value == "sales: net # %"
    assert cells(config) == [('NO\\ "x"', "", 'NO\\ "x" spend', None)]


def test_months_are_months_and_have_no_first_day_of_the_week(tmp_path):
    rows = [f"{year}-{month:02},100,5" for year in (2024, 2025) for month in range(1, 13)]
    path = tmp_path / "m.csv"
    path.write_text("\n".join(["month,revenue,tv_spend", *rows]))
    guess, config = guess_of(tmp_path, path)
    assert config.data.grain == "month"
    assert "week_starts" not in {question.key for question in guess.open_questions}
    assert config.plan.window.start == dt.date(2026, 1, 1)


def test_answers_take_their_places(tmp_path):
    guess, _ = guess_of(tmp_path, write(tmp_path / "w.csv", "week,revenue,tv_spend", 100, 5))
    answers = {
        "currency": "₪",
        "vat_included": "18%",
        "gross_margin": "42",
        "window": "2026q1",
        "budget": "1.3m",
        "week_starts": "Mon",
    }
    assert {question.key for question in guess.open_questions} == set(answers)
    config = load(guess, tmp_path / "configs" / "acme.yaml", answers)
    assert config.currency == "ILS"
    assert config.data.outcome.vat_included == pytest.approx(0.18)
    assert config.finance.gross_margin == pytest.approx(0.42)
    assert config.plan.window.start == dt.date(2026, 1, 1)
    assert config.plan.budget == 1_300_000
    assert config.calendar.week_starts == "monday"


def test_answers_that_cannot_be_meant_are_named_all_at_once(tmp_path):
    guess, _ = guess_of(tmp_path, write(tmp_path / "w.csv", "week,revenue,tv_spend", 100, 5))
    wrong = {
        "currency": "shekel",
        "gross_margin": "much",
        "window": "soon",
        "budget": "0",
        "week_starts": "t",
    }
    with pytest.raises(ConfigError) as caught:
        render(guess, wrong)
    assert len(caught.value.faults) == len(wrong)
    for key, answer in wrong.items():
        assert any(f"`{key}`" in fault and f"'{answer}'" in fault for fault in caught.value.faults)


def test_the_recent_spend_stands_in_the_question_about_the_budget(tmp_path):
    guess, _ = guess_of(tmp_path, write(tmp_path / "w.csv", "week,revenue,tv_spend,fb_spend", 100, 5, 20))
    prompt = next(question.prompt for question in guess.open_questions if question.key == "budget")
    assert "325" in prompt  # 13 weeks of 25


def test_a_sign_of_money_tells_the_currency(tmp_path):
    path = write(tmp_path / "w.csv", "week,revenue,tv_spend", "€100", "€5")
    assert guess_of(tmp_path, path)[1].currency == "EUR"


@pytest.mark.parametrize(
    ("header", "said"), [("week,foo,tv_spend", "revenue"), ("week,revenue,foo", "media")]
)
def test_without_an_outcome_or_media_the_columns_are_listed(tmp_path, header, said):
    with pytest.raises(DataError, match=said) as caught:
        guess_config([write(tmp_path / "w.csv", header, 100, 5)], out=tmp_path / "acme.yaml")
    assert '"foo"' in str(caught.value)
