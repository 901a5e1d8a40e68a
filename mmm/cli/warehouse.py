"""One place for the data: `mmm ingest`."""

from __future__ import annotations

from mmm.cli.answer import show
from mmm.cli.application import Config_, Quiet, app, load, progress


@app.command()
def ingest(config: Config_, quiet: Quiet = False) -> None:
    """Load every source into the warehouse, and say what changed."""
    settings = load(config, None)
    from mmm.console.warehouse import changes_text
    from mmm.stages import ingest

    with progress(quiet) as line:
        done = ingest.ingest(settings, line or (lambda text: None))
    show(changes_text(done), changes=done)
