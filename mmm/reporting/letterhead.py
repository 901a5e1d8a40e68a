"""What a company puts on its report: its logo, and notes for the reader in its own words."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt
from markupsafe import Markup

from mmm.errors import ConfigError
from mmm.reporting.settings import ReportSettings

MOST_LOGO = 500_000
"""Bytes of a logo: the page carries it."""
MOST_NOTES = 20_000
"""Characters of the notes: the page is a decision and not a book."""

_KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"<svg": "image/svg+xml",
    b"<?xml": "image/svg+xml",
}
"""How each begins."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """A logo and notes; empty where the config names none.

    Attributes
    ----------
    logo
        Bytes of a PNG, JPEG or SVG file.
    notes
        Markdown.
    """

    logo: bytes = b""
    notes: str = ""

    @property
    def logo_uri(self) -> str:
        """The logo inside a page: as a picture, so that no script in it runs; empty without one."""
        if not self.logo:
            return ""
        return f"data:{_kind(self.logo)};base64,{base64.b64encode(self.logo).decode()}"

    @property
    def notes_html(self) -> Markup:
        """The notes for a page: HTML in them is text, and so are pictures."""
        words = MarkdownIt("js-default", {"html": False, "linkify": False}).disable("image")
        return Markup(words.render(self.notes))


NO_LETTERHEAD = Letterhead()


def _kind(logo: bytes) -> str:
    start = logo.lstrip(b"\xef\xbb\xbf \r\n\t")
    return next((kind for mark, kind in _KINDS.items() if start.startswith(mark)), "")


def _can_be_drawn(logo: bytes) -> bool:
    """Whether it is whole: Typst draws it once, as it will on the pages to sign."""
    if not _kind(logo):
        return False
    import typst  # only where there is a logo

    try:
        typst.compile(b"#image(bytes(json(bytes(sys.inputs.logo))))", sys_inputs={"logo": str(list(logo))})
    except RuntimeError:
        return False
    return True


def letterhead(settings: ReportSettings, folder: Path) -> Letterhead:
    """Read the files that the report's settings name.

    Parameters
    ----------
    folder
        Of the config; paths are relative to it.

    Raises
    ------
    ConfigError
        A file is missing, too large, no picture or no text.
    """
    faults: list[str] = []
    logo, notes = b"", ""
    if settings.brand.logo is not None:
        logo = _read(folder / settings.brand.logo, "report.brand.logo", faults)
        if len(logo) > MOST_LOGO:
            faults.append(
                f"`report.brand.logo`: {settings.brand.logo} has {len(logo) / 1e3:,.0f} kB; the page carries it, so at "
                f"most {MOST_LOGO / 1e3:,.0f} kB. Save it smaller"
            )
        elif logo and not _can_be_drawn(logo):
            faults.append(
                f"`report.brand.logo`: {settings.brand.logo} is no PNG, JPEG or SVG picture that can be drawn"
            )
    if settings.notes is not None:
        try:
            notes = _read(folder / settings.notes, "report.notes", faults).decode("utf-8-sig")
        except UnicodeDecodeError:
            faults.append(f"`report.notes`: {settings.notes} is no text in UTF-8; save it as such")
        if len(notes) > MOST_NOTES:
            faults.append(
                f"`report.notes`: {settings.notes} has {len(notes):,} characters; at most {MOST_NOTES:,} belong on the "
                "page. Shorten it"
            )
    if faults:
        raise ConfigError(faults)
    return Letterhead(logo, notes)


def _read(path: Path, key: str, faults: list[str]) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        faults.append(
            f"`{key}`: {path} cannot be read ({error.strerror or error}); paths are relative to the config"
        )
        return b""
