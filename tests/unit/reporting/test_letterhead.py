"""A company's name, sign and words on its report, and nothing that runs."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib
from pathlib import Path

import pytest
from pypdf import PdfReader

from mmm.errors import ConfigError
from mmm.reporting.html import render_html
from mmm.reporting.letterhead import MOST_LOGO, letterhead
from mmm.reporting.pdf import render_pdf
from mmm.reporting.results import Results
from mmm.reporting.settings import ReportSettings

NOTES = """\ufeffPrices rise in **January**.

- <script>alert(1)</script>
- ![x](http://evil.example/x.png) [site](javascript:alert(2))
"""
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'


def png(side: int = 2) -> bytes:
    """A grey square."""

    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x80" * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")
    )


def settings(**brand: str) -> ReportSettings:
    return ReportSettings.model_validate({"brand": brand, "notes": "notes.md"})


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "notes.md").write_text(NOTES, "utf-8")
    (tmp_path / "logo.png").write_bytes(png())
    (tmp_path / "logo.svg").write_bytes(SVG)
    return tmp_path


def test_notes_are_words_and_whatever_could_run_or_fetch_is_text(results: Results, home: Path) -> None:
    asked = settings(name="Shaked & Sons")
    page = render_html(results, asked, letterhead(asked, home))
    notes = re.search(r'<div class="body notes" dir="auto">(.*?)</div>', page, re.DOTALL)
    assert notes is not None
    assert "<strong>January</strong>" in notes[1]
    assert "&lt;script&gt;" in notes[1]
    assert not re.search(r"<script|<img|href=.javascript", notes[1])
    assert "<bdi>Shaked &amp; Sons</bdi>" in page


@pytest.mark.parametrize(("name", "kind"), [("logo.png", "image/png"), ("logo.svg", "image/svg+xml")])
def test_the_logo_is_inside_the_page_and_on_the_pages_to_sign(
    results: Results, home: Path, name: str, kind: str
) -> None:
    asked = settings(logo=name, name="Shaked")
    found = letterhead(asked, home)
    held = base64.b64encode((home / name).read_bytes()).decode()
    assert f'<img class="logo" src="data:{kind};base64,{held}"' in render_html(results, asked, found)
    plain, marked = (
        PdfReader(io.BytesIO(render_pdf(results, asked, head)))
        for head in (letterhead(settings(), home), found)
    )
    assert len(marked.pages) == len(plain.pages) == 2
    assert "Shaked" in marked.pages[0].extract_text()
    drawn = [len(reader.pages[0].get_contents().get_data()) for reader in (plain, marked)]
    assert drawn[1] > drawn[0]


def test_without_them_the_page_has_neither(results: Results) -> None:
    page = render_html(results, ReportSettings())
    assert 'class="logo"' not in page
    assert 'id="notes"' not in page


def test_all_faults_are_told_at_once_with_what_to_do(home: Path) -> None:
    (home / "big.png").write_bytes(png() + b"\0" * MOST_LOGO)
    (home / "notes.md").write_bytes("שלום".encode("cp1255"))
    with pytest.raises(ConfigError) as told:
        letterhead(settings(logo="big.png"), home)
    assert "Save it smaller" in str(told.value)
    assert "`report.notes`: notes.md is no text in UTF-8" in str(told.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [("nowhere.png", "cannot be read"), ("notes.md", "is no PNG"), ("half.png", "is no PNG")],
)
def test_a_logo_that_is_no_picture_is_refused(home: Path, name: str, said: str) -> None:
    (home / "half.png").write_bytes(png()[:40])
    with pytest.raises(ConfigError, match=said):
        letterhead(settings(logo=name), home)
