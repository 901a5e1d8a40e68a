"""Each platform's export on a small file in its documented format."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from mmm.data.booked import Booking, steps
from mmm.data.reader import Reader
from mmm.data.settings import DataSettings
from mmm.warehouse.exports import export_files, read_export
from mmm.warehouse.salt import Salt


@pytest.fixture
def load(tmp_path):
    """Write a file and read it through an export entry: (frame or None, reader)."""

    def read(
        content, *, rules=(), booked_in="USD", rates=None, name="export.csv", encoding="utf-8", **export
    ):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        data = DataSettings.model_validate(
            {
                "source": "sales.csv", "date": "week", "outcome": {"value": "revenue"},
                "exports": [{"source": name, **export}], "rules": list(rules),
            }
        )  # fmt: skip
        booked = Booking(booked_in, {code: steps(rate) for code, rate in (rates or {}).items()})
        reader = Reader(data, tmp_path, booked)
        frames = []
        for key, table, path in export_files(reader):
            found = read_export(reader, key, table, path, rules=data.rules, salt=Salt(tmp_path / "salt"))
            frames.append(None if found is None else found.frame)
        return (frames[0] if frames else None), reader

    return read


def notes(reader, check):
    return [note for note in reader.notes if note.check == check]


GOOGLE = """Campaign report
"January 1, 2024 - January 14, 2024"
Week,Campaign,Ad group,Currency code,Cost,Impr.,Clicks,Conversions,Conv. value
2024-01-01,Brand | IL,Exact,USD,"1,234.50","12,000",300,20.50,"1,020.00"
2024-01-01,Generic shoes,Broad,USD,800.25,"40,000",210, --, --
2024-01-08,Brand | IL,Exact,USD, --,0,0, --, --
Total: Account, --, --,USD,"2,034.75","52,000",510,20.50,"1,020.00"
Total: Campaigns, --, --,USD,"2,034.75","52,000",510,20.50,"1,020.00"
"""


def test_google_ads_titles_totals_thousands_and_dashes(load):
    rules = [
        {"campaign": "brand*", "channel": "search", "audience": "brand"},
        {"source": "google", "medium": "cpc", "channel": "search", "audience": "generic"},
    ]
    frame, reader = load(GOOGLE, adapter="google_ads", rules=rules)
    assert reader.faults == []
    assert frame["date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-01-01", "2024-01-01", "2024-01-08"]
    assert frame["audience"].tolist() == ["brand", "generic", "brand"]
    assert frame["spend"].tolist() == [1234.5, 800.25, 0.0]
    assert frame["impressions"].tolist() == [12000, 40000, 0]
    assert frame["platform_revenue"].iloc[0] == 1020
    assert np.isnan(frame["platform_revenue"].iloc[1])
    assert frame["adset"].tolist() == ["Exact", "Broad", "Exact"]
    assert frame["row"].tolist() == [4, 5, 6]


def test_google_ads_through_its_interface_is_in_millionths_and_in_hebrew_too(load):
    text = "segments.date\tcampaign.name\tmetrics.cost_micros\tmetrics.impressions\n2024-01-01\tA\t1234500000\t9\n"
    frame, reader = load(text, adapter="google_ads")
    assert (reader.faults, frame["spend"].tolist()) == ([], [1234.5])
    assert frame["channel"].tolist() == ["google ads"]
    hebrew = "יום,קמפיין,עלות,חשיפות,קליקים\n31.01.2024,מותג,₪1234.5,90,3\n30.01.2024,מותג,₪10.0,90,3\n"
    frame, reader = load(hebrew, adapter="google_ads", booked_in="ILS", encoding="windows-1255")
    assert (reader.faults, frame["spend"].tolist()) == ([], [1234.5, 10])
    assert frame["campaign"].tolist() == ["מותג", "מותג"]


META = """Reporting starts,Reporting ends,Campaign name,Ad set name,Ad name,\
Amount spent (ILS),Impressions,Link clicks,Purchases,Purchases conversion value
2024-01-01,2024-01-14,,,,930.5,3000,90,7,700
2024-01-01,2024-01-07,Spring,Lookalike 1%,Video A,500.25,1000,40,3,300
2024-01-08,2024-01-14,Spring,Retargeting,Video B,430.25,2000,50,4,400
"""


def test_meta_its_summary_row_and_the_currency_in_its_header(load):
    rules = [{"adapter": "meta", "ad_set": "*lookalike*", "channel": "facebook", "audience": "lookalike"}]
    frame, reader = load(META, adapter="meta", booked_in="ILS", channel="facebook", rules=rules)
    assert reader.faults == []
    assert frame["spend"].tolist() == [500.25, 430.25]
    assert frame["audience"].tolist() == ["lookalike", ""]
    assert set(frame["channel"]) == {"facebook"}
    assert frame["creative"].tolist() == ["Video A", "Video B"]
    assert [note.rows for note in notes(reader, "total rows")] == ["row 2"]
    (lost,) = notes(reader, "not tagged")
    assert "Retargeting" in lost.value
    assert lost.severity == "review"
    assert "data.rules" in lost.remedy


def test_an_export_in_another_currency_is_refused_until_its_rate_is_given(load):
    frame, reader = load(META, adapter="meta", booked_in="USD")
    assert frame is None
    assert "amounts in ILS" in reader.faults[0]
    assert "currency: ILS" in reader.faults[0]
    said = {"adapter": "meta", "booked_in": "USD", "currency": "ILS"}
    frame, reader = load(META, **said)
    assert "finance.rates: {ILS: ...}" in reader.faults[0]
    frame, reader = load(META, **said, rates={"ILS": 0.25})
    assert reader.faults == []
    np.testing.assert_allclose(frame["spend"], [500.25 / 4, 430.25 / 4])
    np.testing.assert_allclose(frame["platform_revenue"], [75, 100])


TIKTOK = """Campaign name,Ad group name,By Day,Cost,Impressions,Clicks (destination),Conversions
Q1,18-24 video,2024-01-01,120.10,10000,200,3
Q1,25-34 video,2024-01-01,-,-,-,-
Total of 2 results,-,-,120.10,10000,200,3
"""


def test_tiktok_its_footer_and_dashes_for_nothing(load):
    frame, reader = load(TIKTOK, adapter="tiktok")
    assert reader.faults == []
    assert frame["spend"].tolist() == [120.10, 0.0]
    assert frame["adset"].tolist() == ["18-24 video", "25-34 video"]
    assert frame["channel"].tolist() == ["tiktok", "tiktok"]


LINKEDIN = "\n".join(
    [
        "Campaign Performance Report (in UTC)",
        "Report Start: January 1, 2024, 12:00 AM",
        "Report End: January 14, 2024, 11:59 PM",
        "Date Generated: January 15, 2024, 8:00 AM",
        "",
        "Start Date (in UTC)\tAccount Name\tCurrency\tCampaign Group Name\tCampaign Name\tTotal Spent"
        "\tImpressions\tClicks\tLeads",
        "01/01/2024\tAcme\tEUR\tABM\tCFO | DACH\t400.00\t9000\t40\t4",
        "01/08/2024\tAcme\tEUR\tABM\tCFO | DACH\t500.00\t9500\t50\t5",
        "01/15/2024\tAcme\tEUR\tABM\tCFO | DACH\t100.00\t1500\t5\t0",
    ]
)


def test_linkedin_utf16_titles_and_american_dates(load):
    frame, reader = load(LINKEDIN, adapter="linkedin", booked_in="EUR", encoding="utf-16")
    assert reader.faults == []
    assert frame["date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-01-01", "2024-01-08", "2024-01-15"]
    assert frame["spend"].tolist() == [400, 500, 100]
    assert frame["leads"].tolist() == [4, 5, 0]
    assert frame["account"].tolist() == ["Acme"] * 3


GA4 = """# ----------------------------------------
# Free form 1
# Account: Acme
# Start date: 20240101
# End date: 20240114
# ----------------------------------------

Date,Session source / medium,Session campaign,Sessions,Key events,Purchase revenue
,,,1500,40,2160.5
20240101,google / cpc,Brand | IL,700,25,1350.5
20240102,google / organic,(organic),500,10,540
20240103,(direct) / (none),(direct),300,5,270
"""


def test_ga4_its_comments_grand_total_and_source_with_medium(load):
    rules = [
        {"source": "google", "medium": "cpc", "campaign": "brand*", "channel": "search", "audience": "brand"}
    ]
    frame, reader = load(GA4, adapter="ga4", rules=rules)
    assert reader.faults == []
    assert frame["channel"].tolist() == ["search", "google / organic", "(direct) / (none)"]
    assert frame["audience"].tolist() == ["brand", "", ""]
    assert frame["conversions"].tolist() == [25, 10, 5]
    assert frame["revenue"].sum() == 2160.5
    (lost,) = notes(reader, "not tagged")
    assert lost.severity == "pass"  # nobody pays for these visits


HUBSPOT = """Record ID,First Name,Last Name,Email,Phone Number,\
Create Date,Lifecycle Stage,Original Source,Original Source Drill-Down 1,Amount,Close Date
101,Dana,Levi,dana.levi@example.co.il,050-123-4567,2024-01-03 14:22,Customer,Paid Search,Brand | IL,250.0,2024-02-01
102,Noa,Cohen,noa@example.com,+972-52-765-4321,2024-01-04 09:00,Marketing Qualified Lead,Paid Social,Spring,99.0,
103,Ron,Katz,ron@example.com,(212) 555-0123,2024-01-05 10:30,Lead,Organic Search,,,
103,Ron,Katz,ron@example.com,(212) 555-0123,2024-01-05 10:30,Lead,Organic Search,,,
"""
PEOPLE = ("dana.levi", "Levi", "050-123", "noa@", "Cohen", "765-4321", "555-0123", "Katz")


def test_hubspot_leads_are_counted_under_a_hash_and_nobody_is_named(load):
    rules = [{"campaign": "brand*", "channel": "search", "audience": "brand"}]
    frame, reader = load(HUBSPOT, adapter="hubspot", rules=rules)
    assert reader.faults == []
    assert frame["leads"].tolist() == [1, 1, 1]
    assert frame["qualified"].tolist() == [1, 1, 0]
    assert frame["won"].tolist() == [1, 0, 0]
    assert frame["revenue"].tolist() == [250, 0, 0]
    assert frame["channel"].tolist() == ["search", "Paid Social", "Organic Search"]
    assert frame["lead_id_hash"].str.fullmatch("[0-9a-f]{32}").all()
    told = " ".join(map(str, reader.notes))
    everything = frame.to_csv() + told
    assert [person for person in PEOPLE if person in everything] == []
    assert any("Email" in note.value for note in notes(reader, "personal data"))
    assert notes(reader, "duplicate rows")[0].rows == "row 5"


def test_a_lead_told_in_two_ways_is_a_fault_that_names_the_rows_and_nobody(load):
    frame, reader = load(
        HUBSPOT.replace("10:30,Lead,Organic", "10:30,Customer,Organic", 1), adapter="hubspot"
    )
    assert frame is None
    assert "rows 4, 5" in reader.faults[0]
    assert [person for person in PEOPLE if person in " ".join(reader.faults)] == []


def test_an_email_in_place_of_an_id_is_hashed(load):
    text = "Email,Create Date,Lifecycle Stage,Original Source\na@x.com,2024-01-03,Customer,Paid Search\n"
    frame, reader = load(text, adapter="hubspot")
    assert reader.faults == []
    assert "a@x.com" not in frame.to_csv()
    assert len(frame["lead_id_hash"].iloc[0]) == 32


SALESFORCE = """Opportunity ID,Opportunity Name,Stage,Amount,Close Date,Lead Source,Primary Campaign Source,Created Date
0061,Acme deal,Closed Won,"5,000.00",2/20/2024,Web,Brand | IL,1/15/2024
0062,Beta deal,Negotiation,"7,000.00",3/25/2024,LinkedIn,CFO | DACH,1/22/2024
0063,Gamma deal,Closed Lost,"9,000.00",3/26/2024,Web,,1/29/2024
Grand Totals (3 records),,,"21,000.00",,,,
Confidential Information - Do Not Distribute
Copyright (c) 2000-2024 salesforce.com inc. All rights reserved.
"""


def test_salesforce_its_footer_and_money_of_orders_alone(load):
    frame, reader = load(SALESFORCE, adapter="salesforce")
    assert reader.faults == []
    assert frame["date"].dt.strftime("%Y-%m-%d").tolist() == ["2024-01-15", "2024-01-22", "2024-01-29"]
    assert frame["won"].tolist() == [1, 0, 0]
    assert frame["revenue"].tolist() == [5000, 0, 0]
    assert "Acme deal" not in frame.to_csv()


def test_a_report_of_a_crm_counts_leads_without_knowing_them_and_orders_alone_say_nothing_of_leads(load):
    text = "Close Date - Weekly,Deal Stage,Original Source,Count of Deals\n{}"
    rows = "2024-01-01,Closed Won,Paid Search,40\n2024-01-08,Closed Won,Paid Search,30\n"
    frame, reader = load(text.format(rows), adapter="hubspot")
    assert reader.faults == []
    assert frame["won"].tolist() == [40, 30]
    assert frame[["leads", "qualified"]].isna().all(axis=None)
    assert frame["lead_id_hash"].tolist() == ["", ""]
    frame, _ = load(text.format(rows + "2024-01-08,Lead,Paid Search,100\n"), adapter="hubspot")
    assert frame["leads"].tolist() == [40, 30, 100]
    assert frame["qualified"].tolist() == [40, 30, 0]


GENERIC = """תאריך,ערוץ,הוצאה,GRPs
01/01/2024,טלוויזיה,"12,000",120
08/01/2024,רדיו,"3,000",40
15/01/2024,רדיו,0,0
"""


def test_a_long_table_of_ones_own_in_hebrew(load):
    frame, reader = load(GENERIC, adapter="generic", encoding="windows-1255")
    assert reader.faults == []
    assert frame["channel"].tolist() == ["טלוויזיה", "רדיו", "רדיו"]
    assert frame["exposure"].tolist() == [120, 40, 0]
    assert frame["date"].dt.strftime("%m-%d").tolist() == ["01-01", "01-08", "01-15"]


def test_a_changed_column_is_named_with_the_nearest_and_the_line_to_write(load):
    frame, reader = load(GOOGLE.replace("Cost,", "Costs total,"), adapter="google_ads")
    assert frame is None
    (fault,) = reader.faults
    assert '"Costs total"' in fault
    assert "columns: {spend: Costs total}" in fault
    frame, reader = load(
        GOOGLE.replace("Cost,", "Costs total,"), adapter="google_ads", columns={"spend": "Costs total"}
    )
    assert (reader.faults, frame["spend"].tolist()) == ([], [1234.5, 800.25, 0.0])


def test_a_changed_column_that_is_not_needed_is_pointed_at(load):
    _, reader = load(GOOGLE.replace("Conversions,", "Conversion,"), adapter="google_ads")
    assert [note.rows for note in notes(reader, "export columns") if note.severity == "review"] == [
        "Conversion"
    ]


def test_columns_of_people_cannot_be_mapped_and_people_in_names_are_refused_unquoted(load):
    _, reader = load(HUBSPOT, adapter="hubspot", columns={"campaign": "Email"})
    assert "personal data (e-mail)" in reader.faults[0]
    _, reader = load(META.replace("Spring", "call 050-123-4567"), adapter="meta", booked_in="ILS")
    assert "personal data (telephone) in rows 3, 4" in reader.faults[0]
    assert "050" not in " ".join(reader.faults)


def test_numbers_that_cannot_be_read_are_told_without_what_they_quote_of_people(load):
    _, reader = load(META.replace("500.25", "dana@example.com"), adapter="meta", booked_in="ILS")
    assert reader.faults
    assert "dana" not in " ".join(reader.faults)
    assert "<e-mail>" in " ".join(reader.faults)


def test_two_currencies_in_one_column_are_refused(load):
    text = GOOGLE.replace("Generic shoes,Broad,USD", "Generic shoes,Broad,EUR")
    _, reader = load(text, adapter="google_ads")
    assert "more than one currency (EUR, USD)" in reader.faults[0]


def test_money_is_booked_with_fee_vat_and_the_rate_of_its_day(load):
    frame, reader = load(
        GOOGLE.replace("USD", "EUR"),
        adapter="google_ads",
        currency="EUR",
        fee=0.1,
        vat_included={"2024-01-01": 0.25},
        rates={"EUR": {date(2024, 1, 1): 2.0, date(2024, 1, 8): 3.0}},
    )
    assert reader.faults == []
    np.testing.assert_allclose(frame["spend"], np.array([1234.5, 800.25, 0]) / 1.25 * 1.1 * 2)
    np.testing.assert_allclose(
        frame["platform_revenue"].iloc[0], 1020 / 1.25 * 2
    )  # no fee on what they claim


def test_a_pattern_reads_every_file_and_one_that_fits_none_is_a_fault(load, tmp_path):
    (tmp_path / "g").mkdir()
    for name in ("a.csv", "b.csv"):
        (tmp_path / "g" / name).write_text(GOOGLE)
    data = DataSettings.model_validate(
        {
            "source": "s.csv", "date": "w", "outcome": {"value": "r"},
            "exports": [{"adapter": "google_ads", "source": "g/*.csv"}, {"adapter": "meta", "source": "m/*.csv"}],
        }
    )  # fmt: skip
    reader = Reader(data, tmp_path)
    found = export_files(reader)
    assert [path for _, _, path in found] == [Path("g/a.csv"), Path("g/b.csv")]
    assert "`data.exports[2].source`: no file fits 'm/*.csv'" in reader.faults[0]


def test_rows_alike_in_every_column_are_counted_and_named(load):
    content = (
        "Close Date - Weekly,Deal Stage,Original Traffic Source,Count of Deals\n"
        "2026-01-05,Closed Won,Paid Search,7\n"
        "2026-01-05,Closed Won,Paid Social,7\n"
        "2026-01-12,Closed Won,Paid Search,0\n"
        "2026-01-05,Closed Won,Paid Search,7\n"
        "2026-01-12,Closed Won,Paid Search,0\n"
    )
    frame, reader = load(content, adapter="hubspot")
    (said,) = notes(reader, "duplicate rows")
    assert (said.severity, said.rows) == ("review", "row 5")
    assert frame["won"].sum() == 21
