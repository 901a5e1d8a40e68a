"""The site of the documentation: links between documents lead between its pages."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")

SITE = Path(__file__).parents[2] / "docs" / "site.py"
_spec = importlib.util.spec_from_file_location("docs_site", SITE)
assert _spec is not None
assert _spec.loader is not None
site = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(site)


@pytest.mark.parametrize(
    ("text", "folder", "page", "found"),
    [
        ("[a](docs/limits.md#x)", "", "index.md", "[a](limits.md#x)"),
        ("![a](docs/report.png)", "", "index.md", "![a](report.png)"),
        (
            "[a](../ARCHITECTURE.md#the-model)",
            "docs",
            "method.md",
            "[a](reference/architecture.md#the-model)",
        ),
        ("[a](docs/tests.md)", "", "reference/changes.md", "[a](../tests.md)"),
        ("![a](sbc.svg)", "benchmarks", "compare.md", "![a](sbc.svg)"),
        ("[`a.py`](mmm/a.py)", "", "reference/architecture.md", "`a.py`"),
        ("[kinds](../mmm/a.py)", "benchmarks", "compare.md", "kinds (`mmm/a.py`)"),
        ("[a](https://example.org/x)", "", "index.md", "[a](https://example.org/x)"),
        ("[a](#part)", "docs", "limits.md", "[a](#part)"),
    ],
)
def test_a_link_leads_where_the_site_has_its_page(text: str, folder: str, page: str, found: str) -> None:
    assert site.linked(text, folder, page) == found


def test_every_command_and_option_has_its_line() -> None:
    page = site.commands_page()
    for heading in ("## mmm run", "## mmm tests rollout", "## mmm check"):
        assert heading in page
    assert "`--out`" in page
    assert "`CONFIG`" in page
