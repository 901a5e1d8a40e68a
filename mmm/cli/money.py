"""From activity to money without fitting anything: `mmm scorecard`, `mmm reconcile`."""

from __future__ import annotations

from mmm.cli.answer import show
from mmm.cli.application import Config_, Out, Quiet, app, load, progress
from mmm.errors import DataError


@app.command()
def scorecard(config: Config_, out: Out = None, quiet: Quiet = False) -> None:
    """What each channel cost and brought, against its own past; fit nothing."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.money import customers_text, scorecard_text

    with progress(quiet) as line:
        done = pipeline.scorecard(settings, out=out, progress=line)
    tables = {name: done.table(name) for name in ("scorecard", "sources")}
    show(scorecard_text(*tables.values(), settings.currency), folder=done.folder, **tables)
    if not done.money["no_customers"]:
        customers = done.table("customers")
        show(f"\n{customers_text(customers)}\n", customers=customers)
    print(f"Every window: {done.folder / 'scorecard.csv'}")


@app.command()
def reconcile(config: Config_, out: Out = None, quiet: Quiet = False) -> None:
    """From what platforms claim to what finance books, to the cent; fit nothing."""
    settings = load(config, out)
    from mmm import pipeline
    from mmm.console.money import bridge_text

    with progress(quiet) as line:
        done = pipeline.reconcile(settings, out=out, progress=line)
    if done.money["no_bridge"]:
        raise DataError([f"there is no bridge: {done.money['no_bridge']}"])
    tables = {name: done.table(name) for name in ("bridge", "claims")}
    show(bridge_text(*tables.values(), done.money, settings.currency), folder=done.folder, **tables)
    print(f"Every window and channel: {done.folder / 'bridge.csv'}, {done.folder / 'claims.csv'}")
