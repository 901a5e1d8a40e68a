"""The bundled company on disk."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm.simulate.company import simulate_company
from mmm.simulate.write import SEED, SHEKELS_PER_DOLLAR, VAT, write_demo, write_demo_he

DATA = Path(__file__).parents[3] / "data"
CSV = ("sales", "media", "controls", "organic", "events", "experiments", "attribution")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_demo(folder / "demo")
    write_demo_he(folder / "demo-he")
    return folder


def _assert_same_numbers(ours, theirs):
    """Equal but for the last digit, which processors may round apart."""
    assert type(ours) is type(theirs)
    if isinstance(ours, dict):
        assert list(ours) == list(theirs)
        for key in ours:
            _assert_same_numbers(ours[key], theirs[key])
    elif isinstance(ours, list):
        for one, other in zip(ours, theirs, strict=True):
            _assert_same_numbers(one, other)
    elif isinstance(ours, float):
        assert ours == pytest.approx(theirs, rel=1e-5, abs=2e-6)
    else:
        assert ours == theirs


@pytest.mark.parametrize("name", CSV)
def test_the_committed_table_is_what_the_code_writes(written, name):
    ours, committed = (pd.read_csv(at / "demo" / f"{name}.csv") for at in (written, DATA))
    pd.testing.assert_frame_equal(ours, committed, atol=1.0, rtol=1e-5)
    one, other = ((at / "demo" / f"{name}.csv").read_text("utf-8").splitlines() for at in (written, DATA))
    assert np.mean([a == b for a, b in zip(one, other, strict=True)]) > 0.999


def test_the_committed_exports_are_what_the_code_writes(written):
    names = sorted(path.name for path in (written / "demo/exports").iterdir())
    assert names == sorted(path.name for path in (DATA / "demo/exports").iterdir())
    for name in names:
        one, other = ((at / "demo/exports" / name).read_text("utf-8").splitlines() for at in (written, DATA))
        assert np.mean([a == b for a, b in zip(one, other, strict=True)]) > 0.99, name


@pytest.mark.parametrize("company", ["demo", "demo-he"])
def test_the_committed_truth_is_what_the_code_writes(written, company):
    ours, committed = (json.loads((at / company / "truth.json").read_text("utf-8")) for at in (written, DATA))
    _assert_same_numbers(ours, committed)
    readme = "README.md"
    assert (written / company / readme).read_text("utf-8") == (DATA / company / readme).read_text("utf-8")


def test_the_committed_hebrew_tables_are_what_the_code_writes(written):
    ours, committed = (
        pd.read_csv(at / "demo-he/sales.csv", encoding="windows-1255") for at in (written, DATA)
    )
    pd.testing.assert_frame_equal(ours, committed, rtol=1e-6)
    for sheet in ("מדיה", "אירועים"):
        ours, committed = (
            pd.read_excel(at / "demo-he/media.xlsx", sheet_name=sheet, engine="calamine")
            for at in (written, DATA)
        )
        pd.testing.assert_frame_equal(ours, committed)


def test_all_bundled_data_stay_under_three_megabytes():
    size = sum(file.stat().st_size for at in ("demo", "demo-he") for file in (DATA / at).iterdir())
    assert size < 3_000_000


def test_another_seed_writes_other_numbers(written, tmp_path):
    write_demo(tmp_path, seed=SEED + 1)
    for name in ("sales", "media", "controls", "organic", "attribution"):
        file = f"{name}.csv"
        assert (tmp_path / file).read_bytes() != (written / "demo" / file).read_bytes()


def test_returns_in_the_truth_file_follow_from_spend_in_the_media_file():
    truth = json.loads((DATA / "demo/truth.json").read_text("utf-8"))
    media = pd.read_csv(DATA / "demo/media.csv", keep_default_na=False)
    spend = media.groupby(["channel", "audience"])["spend"].sum()
    late = media[media["week"] >= sorted(media["week"].unique())[13]]
    rest = late.groupby(["channel", "audience"])["spend"].sum()
    for cell in truth["cells"]:
        key = cell["channel"], cell["audience"]
        for window, money in (("all_weeks", spend[key]), ("from_week_13", rest[key])):
            assert cell[window]["spend"] == pytest.approx(money, rel=1e-6)
            assert cell[window]["roi"] == pytest.approx(cell[window]["contribution"] / money, rel=1e-5)


def test_the_hebrew_company_is_the_same_company_in_shekels_with_vat():
    company = simulate_company(SEED)
    gross = SHEKELS_PER_DOLLAR * (1 + VAT)
    sales = pd.read_csv(DATA / "demo-he/sales.csv", encoding="windows-1255")
    revenue = company.revenue[company.shown].sum(axis=1)
    assert sales["הכנסות"].to_numpy() == pytest.approx(revenue * gross, abs=0.006)
    weeks = pd.to_datetime(sales["שבוע"], format="%d/%m/%Y")
    assert (weeks.dt.day_name() == "Sunday").all()
    assert (weeks.to_numpy() == company.dates[company.shown] - np.timedelta64(1, "D")).all()
    truth = json.loads((DATA / "demo-he/truth.json").read_text("utf-8"))
    first, same = truth["cells"][0]["all_weeks"], company.truth.whole[0]
    assert first["roi"] == pytest.approx(same.roi, rel=1e-6)
    assert first["contribution"] == pytest.approx(same.contribution * SHEKELS_PER_DOLLAR, rel=1e-6)


def test_the_hebrew_media_sheet_has_a_title_above_and_a_total_below():
    sheet = pd.read_excel(DATA / "demo-he/media.xlsx", sheet_name="מדיה", header=None, engine="calamine")
    assert isinstance(sheet.iloc[0, 0], str)
    assert sheet.iloc[0, 1:].isna().all()
    assert list(sheet.iloc[2]) == ["שבוע", "ערוץ", "קהל", "הוצאה", "חשיפות"]
    body, total = sheet.iloc[3:-1], sheet.iloc[-1]
    assert total[0] == 'סה"כ'
    assert total[3] == pytest.approx(body[3].astype(float).sum())
    company = simulate_company(SEED)
    spend = company.spend[company.shown].sum() * SHEKELS_PER_DOLLAR * (1 + VAT)
    assert total[3] == pytest.approx(spend, rel=1e-7)
