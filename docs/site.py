"""What the site has beside the pages of `docs/`: documents of the repository, and pages made from code.

MkDocs calls `on_files` and `on_page_markdown`. Links between documents of the repository become links between pages;
what has no page, as a source file, keeps its name and loses its link.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from mmm.cli.shell import commands

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "benchmarks/README.md": "compare.md",
    "ARCHITECTURE.md": "reference/architecture.md",
    "CONTRIBUTING.md": "reference/contributing.md",
    "CHANGELOG.md": "reference/changes.md",
    "configs/example.yaml": "reference/config.md",
}
"""Files of the repository that are pages of the site."""

_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are not in `docs/`, and the pictures they show."""
    for source, page in PAGES.items():
        if source.endswith(".md"):
            text = linked((ROOT / source).read_text("utf-8"), posixpath.dirname(source), page)
            files.append(File.generated(config, page, content=text))
    for name, text in (("config", config_page()), ("commands", commands_page())):
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    for picture in sorted((ROOT / "benchmarks").glob("*.svg")):
        files.append(File.generated(config, picture.name, abs_src_path=str(picture)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links of a page in `docs/` to documents outside of it."""
    if page.file.generated_by:
        return markdown
    return linked(markdown, "docs", page.file.src_uri)


def linked(text: str, folder: str, page: str) -> str:
    """A document of a folder of the repository, its links as they lead from a page of the site."""

    def follow(found: re.Match[str]) -> str:
        picture, words, target, anchor = found[1], found[2], found[3], found[4] or ""
        if not target or ":" in target:
            return found[0]
        place = posixpath.normpath(posixpath.join(folder, target))
        if place in PAGES:
            goal = PAGES[place]
        elif place.startswith("docs/"):
            goal = place.removeprefix("docs/")
        elif picture:
            goal = posixpath.basename(place)
        else:
            return words if words.startswith("`") else f"{words} (`{place}`)"
        return f"{picture}[{words}]({posixpath.relpath(goal, posixpath.dirname(page) or '.')}{anchor})"

    return _LINK.sub(follow, text)


def config_page() -> str:
    """Every key with what it means, as `configs/example.yaml` has it."""
    text = (ROOT / "configs" / "example.yaml").read_text("utf-8")
    return (
        "# Every key of a config\n\nEach key has a default; a config of eleven lines is enough. Unknown keys are "
        f"refused with the nearest one.\n\n```yaml\n{text}\n```\n"
    )


def commands_page() -> str:
    """Every command with its arguments and options."""
    found = ["# Every command\n"]
    _describe(commands(), "mmm", found)
    return "\n".join(found)


def _describe(command: Any, name: str, found: list[str]) -> None:
    inner = getattr(command, "commands", {})
    found += [f"## {name}\n"] if name != "mmm" else []
    found += [" ".join((command.help or "").split()) + "\n"]
    rows = [_row(parameter) for parameter in command.params if not getattr(parameter, "hidden", False)]
    if rows:
        found += ["| argument or option | what it is |", "| --- | --- |", *rows, ""]
    for key in inner:
        _describe(inner[key], f"{name} {key}", found)


def _row(parameter: Any) -> str:
    option = parameter.param_type_name == "option"
    names = (
        parameter.opts + parameter.secondary_opts if option else [parameter.metavar or parameter.name.upper()]
    )
    told = " ".join((getattr(parameter, "help", None) or "").split()).replace("|", "\\|").replace("<", "\\<")
    return f"| {', '.join(f'`{name}`' for name in names)} | {told} |"
