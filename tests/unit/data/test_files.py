import datetime as dt

import duckdb
import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mmm.data.files import RawTable, read_table
from mmm.data.text import sniff_delimiter
from mmm.data.values import parse_dates, parse_numbers
from mmm.errors import DataError

WEEKLY = "week,revenue,tv\n2025-01-05,100,1\n2025-01-12,200,2\n2025-01-19,300,4\n2025-01-26,400,5\n"
HEBREW = "תאריך,הכנסות,הוצאה פייסבוק\n05/01/2025,100,1\n12/01/2025,200,2\n"


def table(tmp_path, content: str | bytes, name: str = "a.csv") -> RawTable:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path)


def refused(tmp_path, content: str | bytes, name: str = "a.csv") -> str:
    with pytest.raises(DataError) as caught:
        table(tmp_path, content, name)
    assert name in str(caught.value)
    return str(caught.value)


def workbook(path, sheets: dict[str, list[list[object]]], hidden: tuple[str, ...] = ()):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def noted(raw: RawTable, check: str) -> list[str]:
    return [note.value for note in raw.notes if note.check == check]


def test_cells_of_text_stay_text_and_rows_keep_the_line_of_the_file(tmp_path):
    raw = table(tmp_path, 'week,note,tv\n\n2025-01-05,"two\nlines", 1 \n2025-01-12,,x\n')
    assert raw.frame.to_dict("list") == {
        "week": ["2025-01-05", "2025-01-12"],
        "note": ["two\nlines", None],
        "tv": ["1", "x"],
    }
    assert raw.frame.index.tolist() == [3, 5]
    assert (raw.encoding, raw.sheet, raw.notes) == ("UTF-8", None, ())


@pytest.mark.parametrize(
    ("codec", "named"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("cp1255", "Windows-1255"),
        ("iso8859_8", "Windows-1255"),
    ],
)
def test_hebrew_comes_out_whole_in_every_encoding_people_have(tmp_path, codec, named):
    raw = table(tmp_path, HEBREW.encode(codec))
    assert raw.frame.columns.tolist() == ["תאריך", "הכנסות", "הוצאה פייסבוק"]
    assert raw.encoding == named


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("data,wydatki łącznie,źródło\n2025-01-05,3,4\n", "cp1250"),
        ("תאריך,מדיה\n2025-01-05,3\n", "cp1255"),
        ("week,פייסבוק,TV\n2025-01-05,3,₪4\n", "cp1255"),
        ("תאריך,הוצאה – גוגל,סה״כ\n2025-01-05,3,4\n", "cp1255"),
        ("Datum;Umsätze;Größe\n01.02.2025;3,5;4\n", "cp1252"),
        ("date,dépenses télé,coût\n2025-01-05,3,4\n", "cp1252"),
        ("date,cost £\n2025-01-05,£5\n", "cp1252"),
        ("дата,доход,расход на рекламу\n2025-01-05,3,4\n", "cp1251"),
    ],
)
def test_a_short_file_in_a_code_page_is_told_apart(tmp_path, text, codec):
    header = text.splitlines()[0]
    raw = table(tmp_path, text.encode(codec))
    assert raw.frame.columns.tolist() == header.replace(";", ",").split(",")
    assert noted(raw, "encoding") == [raw.encoding]


def test_a_damaged_letter_in_utf8_is_kept_and_its_line_named(tmp_path):
    raw = table(tmp_path, HEBREW.encode() + b"19/01/2025,3," + b"\xff\n")
    assert "הכנסות" in raw.frame.columns
    assert [(n.severity, n.rows) for n in raw.notes if n.check == "encoding"] == [("review", "4")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path, delimiter):
    raw = table(tmp_path, WEEKLY.replace(",", delimiter))
    assert raw.frame.columns.tolist() == ["week", "revenue", "tv"]
    assert raw.frame["tv"].tolist() == ["1", "2", "4", "5"]


def test_decimal_commas_do_not_pass_for_delimiters(tmp_path):
    raw = table(tmp_path, "week;tv\n" + "".join(f"{day:02}.02.2025;{day},5\n" for day in range(1, 29)))
    assert raw.frame.columns.tolist() == ["week", "tv"]
    assert parse_numbers(raw.frame["tv"], where="", column="").values.tolist() == [
        d + 0.5 for d in range(1, 29)
    ]


def test_a_mark_inside_texts_does_not_pass_for_a_delimiter(tmp_path):
    rows = "".join(f"2025-01-{day:02},a;b,{day}\n" for day in range(1, 29))
    assert table(tmp_path, "week,campaign,tv\n" + rows).frame.columns.tolist() == ["week", "campaign", "tv"]


def test_the_hint_of_excel_names_the_delimiter(tmp_path):
    raw = table(tmp_path, "sep=;\nweek;tv\n2025-01-05;1,5\n")
    assert raw.frame.columns.tolist() == ["week", "tv"]
    assert raw.frame.index.tolist() == [3]


def test_title_rows_are_skipped_and_noted(tmp_path):
    raw = table(tmp_path, "Weekly report\nExported:,2025-03-01\n\n" + WEEKLY)
    assert raw.frame.columns.tolist() == ["week", "revenue", "tv"]
    assert raw.frame.index.tolist() == [5, 6, 7, 8]
    assert noted(raw, "title rows") == ["Weekly report"]


def test_a_row_of_group_names_above_the_header_is_a_title(tmp_path):
    raw = table(tmp_path, "Spend,,\nweek,tv,radio\n2025-01-05,1,2\n2025-01-12,3,4\n")
    assert raw.frame.columns.tolist() == ["week", "tv", "radio"]


@pytest.mark.parametrize("word", ["Total", "GRAND TOTAL", "Total:", 'סה"כ', "סה״כ", "Summe", "Total 2025"])
def test_a_row_named_total_is_dropped_and_listed(tmp_path, word):
    quoted = '"' + word.replace('"', '""') + '"'
    raw = table(tmp_path, WEEKLY + f"{quoted},999,7\n")
    assert raw.frame.index.tolist() == [2, 3, 4, 5]
    assert noted(raw, "total rows") == [f"{word}, 999, 7"]
    assert [n.rows for n in raw.notes] == ["6"]


def test_a_nameless_last_row_of_column_sums_is_dropped(tmp_path):
    assert noted(table(tmp_path, WEEKLY + ',"1,000",12\n'), "total rows") == ["1,000, 12"]


def test_a_last_row_that_is_no_sum_or_has_a_date_stays(tmp_path):
    assert len(table(tmp_path, WEEKLY + ",1000,13\n").frame) == 5
    assert len(table(tmp_path, WEEKLY + "2025-02-02,1000,12\n").frame) == 5


def test_a_total_with_a_date_stays_and_is_questioned(tmp_path):
    raw = table(tmp_path, "week,geo,tv\n2025-01-05,north,1\n2025-01-05,Total,1\n")
    assert len(raw.frame) == 2
    assert [(n.check, n.severity, n.rows) for n in raw.notes] == [("total rows", "review", "3")]


def test_a_channel_that_begins_with_total_is_data(tmp_path):
    raw = table(tmp_path, "shop,people\nTotal Wine,5\nSumma,6\n")
    assert raw.frame["shop"].tolist() == ["Total Wine", "Summa"]


def test_remarks_at_the_foot_and_repeated_headers_are_dropped(tmp_path):
    raw = table(tmp_path, WEEKLY + WEEKLY.splitlines()[0] + "\n2025-02-02,5,6\n\nSource: finance\n")
    assert raw.frame.index.tolist() == [2, 3, 4, 5, 7]
    assert noted(raw, "remarks") == ["Source: finance"]
    assert len(noted(raw, "repeated header")) == 1


def test_an_unnamed_column_gets_its_position_and_an_empty_one_goes(tmp_path):
    raw = table(tmp_path, ",week,tv,,radio\n0,2025-01-05,1,,\n1,2025-01-12,2,,\n")
    assert raw.frame.columns.tolist() == ["column 1", "week", "tv"]
    assert noted(raw, "empty column") == ["radio"]


def test_columns_that_fold_together_are_questioned(tmp_path):
    raw = table(tmp_path, "week,TV Spend,tv_spend\n2025-01-05,1,2\n")
    assert noted(raw, "similar columns") == ["TV Spend | tv_spend"]


def test_duplicate_headers_are_a_fault_even_when_marks_hide_it(tmp_path):
    assert '"tv"' in refused(tmp_path, "week,tv,\u200ftv\u00a0\n2025-01-05,1,2\n")


def test_an_unquoted_comma_in_a_number_is_a_fault_with_its_row(tmp_path):
    message = refused(tmp_path, "week,tv\n2025-01-05,1\n2025-01-12,1,234\n")
    assert "row 3" in message
    assert "quotes" in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n \n,,\n", "nothing in it"),
        (b"week,tv\n", "no row below"),
        (b"2025-01-05,1\n2025-01-12,2\n", "names of the columns"),
        (b"week,tv\nTotal,3\n", "totals"),
        (bytes(range(256)) * 20, "not a table of text"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "picture"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x1f\x8b\x08" + b"\x01" * 50, "gzip"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "web page"),
        (b"PAR1" + b"x" * 50 + b"PAR1", "Parquet"),
        (b"PK\x03\x04" + b"0" * 50, "workbook cannot be read"),
        (b"\xff\xfea", "damaged"),
        (b'week,tv\n2025-01-05,"' + b"x" * 200_000, "quote left open"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path, content, said):
    assert said in refused(tmp_path, content)


def test_a_missing_file_names_the_nearest_one(tmp_path):
    (tmp_path / "weekly.csv").write_text(WEEKLY)
    with pytest.raises(DataError, match=r"Did you mean weekly\.csv\?"):
        read_table(tmp_path / "weeky.csv")
    with pytest.raises(DataError, match="no folder"):
        read_table(tmp_path / "data" / "weekly.csv")


def test_a_folder_lists_its_files(tmp_path):
    (tmp_path / "weekly.csv").write_text(WEEKLY)
    with pytest.raises(DataError, match=r"folder.*weekly\.csv"):
        read_table(tmp_path)


def test_a_workbook_keeps_numbers_dates_and_excel_rows(tmp_path):
    rows = [
        [None],
        [None, "week", "tv"],
        [None, dt.datetime(2025, 1, 5), 1.5],
        [None, dt.datetime(2025, 1, 12), "x"],
    ]
    raw = read_table(workbook(tmp_path / "a.xlsx", {"Data": rows}))
    assert raw.sheet == "Data"
    assert raw.frame.index.tolist() == [3, 4]
    assert raw.frame["tv"].tolist() == [1.5, "x"]
    read = parse_dates(raw.frame["week"], where="", column="")
    assert read.values.tolist() == [dt.date(2025, 1, 5), dt.date(2025, 1, 12)]


def test_an_unnamed_column_of_a_workbook_has_the_position_excel_shows(tmp_path):
    raw = read_table(
        workbook(tmp_path / "a.xlsx", {"Data": [[None, "week", None, "tv"], [None, "2025-01-05", 7, 8]]})
    )
    assert raw.frame.columns.tolist() == ["week", "column 3", "tv"]


def test_without_a_sheet_the_first_visible_table_is_read_and_the_others_named(tmp_path):
    rows = [["week", "tv"], ["2025-01-05", 1]]
    sheets = {"Old": rows, "Cover": [["Report"]], "Data": rows, "More": rows}
    raw = read_table(workbook(tmp_path / "a.xlsx", sheets, hidden=("Old",)))
    assert raw.sheet == "Data"
    assert [n.remedy for n in raw.notes if n.check == "sheet"] == [
        'Read the first sheet. Name `sheet` to read "More".'
    ]


def test_a_sheet_is_found_by_name_and_a_wrong_one_names_the_nearest(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"Cover": [["x"]], "נתונים ": [["week", "tv"], ["2025-01-05", 1]]})
    assert len(read_table(path, "\u200fנתונים").frame) == 1
    with pytest.raises(DataError, match='Did you mean "Cover"') as caught:
        read_table(path, "Covr")
    assert "נתונים" in str(caught.value)


def test_a_sheet_of_a_text_file_is_a_fault(tmp_path):
    (tmp_path / "a.csv").write_text(WEEKLY)
    with pytest.raises(DataError, match="not a workbook"):
        read_table(tmp_path / "a.csv", "Data")


def test_a_workbook_without_a_table_and_one_cut_short_are_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"Data": [["Report"]]})
    with pytest.raises(DataError, match="no sheet has a table"):
        read_table(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="cannot be read"):
        read_table(path)


def test_a_protected_workbook_is_named_as_such(tmp_path):
    ole = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 1000 + "EncryptedPackage".encode("utf-16-le")
    assert "password" in refused(tmp_path, ole, "a.xlsx")


def test_the_bytes_decide_what_a_file_is_whatever_its_suffix(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"Data": [["week", "tv"], ["2025-01-05", 1]]})
    assert table(tmp_path, path.read_bytes(), "b.csv").sheet == "Data"
    assert table(tmp_path, WEEKLY, "b.xls").encoding == "UTF-8"


def test_parquet_keeps_numbers_dates_and_nulls_and_takes_utc_of_zoned_times(tmp_path):
    path = tmp_path / "a.parquet"
    duckdb.execute(
        "copy (select date '2025-01-05' + i::int as day, i::decimal(9, 2) as money, "
        'nullif(i, 1) as "n ""q""", timestamptz \'2025-01-05 00:00:00+00\' as zoned, \'Total\' as name '
        f"from range(3) t(i)) to '{path}' (format parquet)"
    )
    raw = read_table(path)
    assert raw.frame.index.tolist() == [1, 2, 3]
    assert raw.frame["day"].tolist() == [dt.date(2025, 1, 5 + i) for i in range(3)]
    assert raw.frame["money"].tolist() == [0.0, 1.0, 2.0]
    assert raw.frame['n "q"'].tolist() == [0, None, 2]
    assert raw.frame["zoned"].tolist() == [dt.datetime(2025, 1, 5)] * 3


def test_a_column_is_found_by_a_name_with_stray_marks(tmp_path):
    raw = table(tmp_path, WEEKLY)
    assert raw.column("\u200f tv\u00a0").tolist() == ["1", "2", "4", "5"]
    with pytest.raises(DataError, match='Did you mean "revenue"'):
        raw.column("revenu")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200) | st.text('a1,;\t\n"|.-/ total', max_size=80).map(str.encode))
@example(b"PK\x03\x04")
@example(b"sep=;\n")
@example(b"\xff\xfe\x00\xd8")
def test_whatever_the_bytes_are_there_is_a_table_or_a_message(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    said = ""
    try:
        raw = read_table(path)
    except DataError as error:
        said = str(error)
    if said:
        assert str(path) in said
        return
    assert len(raw.frame) > 0
    for name in raw.frame.columns:
        parse_dates(raw.frame[name], where="", column=name)
        parse_numbers(raw.frame[name], where="", column=name)


def test_a_comma_in_a_title_and_in_amounts_is_no_delimiter():
    text = "Media plan, booked\nWeek;Medium;Net cost\n01/01/2024;tv;0.00\n01/01/2024;radio;42,163.00\n"
    assert sniff_delimiter(text + "08/01/2024;tv;1,200.00\n08/01/2024;radio;2,163.00\n") == ";"
