"""Pages in a real browser: opened, listened to, measured, and heard as somebody who does not see them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]
DRAWN = "!document.querySelector('.chart') || document.documentElement.dataset.charts === 'done'"
EMPTY = "[...document.querySelectorAll('.chart svg')].filter(s => !s.querySelector('path[d], line')).length"
SCROLLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; })"


@dataclass(frozen=True)
class Visit:
    """A page that is open, and everything it complained of, asked or fetched beyond itself."""

    page: Any
    faults: list[str] = field(default_factory=list)


def visit(browser: Any, url: str, width: int = 1280, within: str | None = None) -> Visit:
    """Open a page; `within` is what the address of all that it may fetch begins with, else only itself is fetched."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    found = Visit(page)
    wrong = found.faults.append

    def fetched(address: str) -> None:
        own = address == url if within is None else address.startswith((within, within.replace("http", "ws")))
        if not own and not address.startswith(("data:", "blob:")):
            wrong(address)

    page.on("console", lambda message: wrong(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong(str(error)))
    page.on("dialog", lambda dialog: (wrong(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: fetched(request.url))
    page.on("websocket", lambda socket: fetched(socket.url))
    page.goto(url)
    page.wait_for_function(DRAWN, timeout=120_000)
    return found


def undrawn(page: Any) -> int:
    """Charts without a picture, or with an empty one."""
    boxes = page.locator(".chart").count()
    drawn = page.locator(".chart[data-state=drawn] svg").count()
    return int(boxes - drawn + page.evaluate(EMPTY))


def sideways(page: Any, width: int) -> int:
    """Pixels that the page scrolls sideways in a window as wide as this."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_timeout(100)  # charts are drawn again for the new width
    return int(page.evaluate(SCROLLS))


def sideways_on_paper(page: Any, width: int = 680) -> int:
    """Pixels that stick out of a sheet, printed; A4 has 680 between its margins."""
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    found = sideways(page, width)
    page.emulate_media(media="screen")
    return found


def heard(page: Any, *weights: str, unfold: bool = False) -> list[str]:
    """What axe-core finds, of these weights where some are given; `unfold` first opens all that is folded."""
    from axe_playwright_python.sync_playwright import Axe

    if unfold:
        page.evaluate(OPEN_ALL)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    faults = [one for one in found if not weights or one["impact"] in weights]
    return [f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}" for one in faults]
