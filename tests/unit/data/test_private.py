import pytest

from mmm.data.private import kind_of_column, kind_of_value, masked, people_among


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Email", "e-mail"), ("E-mail Address", "e-mail"), ("Work email", "e-mail"), ("אימייל", "e-mail"),
        ('דוא"ל', "e-mail"), ("Phone Number", "telephone"), ("Mobile", "telephone"), ("טלפון נייד", "telephone"),
        ("First Name", "name"), ("Last_name", "name"), ("שם משפחה", "name"), ("Contact owner", "name"),
        ("Street Address", "address"), ("Mailing Zip Code", "address"), ("כתובת", "address"),
        ("תעודת זהות", "identity number"), ("Date of Birth", "birth date"),
    ],
)  # fmt: skip
def test_columns_about_people_are_known_by_their_name(header, kind):
    assert kind_of_column(header) == kind


@pytest.mark.parametrize(
    "header",
    ["Campaign name", "Ad set name", "Account name", "Date", "Week", "Contacts", "Customers", "Amount spent (USD)",
     "Create Date", "Record ID", "Email sessions", "Phone calls", "שם הקמפיין", "ערוץ", "Calls"],
)  # fmt: skip
def test_columns_of_marketing_are_not_taken_for_people(header):
    assert kind_of_column(header) is None


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("dana.levi+crm@example.co.il", "e-mail"), ("Dana <dana@example.com>", "e-mail"),
        ("050-123-4567", "telephone"), ("0501234567", "telephone"), ("03-1234567", "telephone"),
        ("+972 50 123 4567", "telephone"), ("+972-3-123-4567", "telephone"), ("972501234567", "telephone"),
        ("+1 (212) 555-0123", "telephone"), ("(212) 555-0123", "telephone"), ("212-555-0123", "telephone"),
        ("+44 20 7946 0958", "telephone"), ("0044 20 7946 0958", "telephone"), ("call 077 123 4567", "telephone"),
    ],
)  # fmt: skip
def test_addresses_and_numbers_are_seen_in_a_value(value, kind):
    assert kind_of_value(value) == kind


@pytest.mark.parametrize(
    "value",
    ["Brand_Search_2024", "2024-01-31", "120210000000000", "18-24", "1,234,567.89", "2024Q1 | IL | 25-34", "@home",
     "ret 2024-01-01 2024-02-01", "31/01/2024 14:22", "utm 1700000000", "50% off", "ad-20240131-0012", "", None, 5],
)  # fmt: skip
def test_dates_numbers_and_campaigns_are_no_people(value):
    assert kind_of_value(value) is None


def test_a_message_quotes_nobody():
    text = 'row 3 "dana@example.com", row 4 "+972 50-123-4567"'
    assert masked(text) == 'row 3 "<e-mail>", row 4 "<telephone>"'
    assert people_among(["a", "x@y.com", "a", "x@y.com"]) == {"x@y.com": "e-mail"}
