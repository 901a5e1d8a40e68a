"""The planner in a browser: a window on a finished run, which is never fitted here.

`planner.py` is everything but the page, and imports nothing that serves; `page.py` is the page.
"""
