"""One script a side: each loads the sample, fits its library's default model and prints one JSON line.

The scripts run by path in the environment of their library (`benchmarks/environments.py`), each in a fresh
process, so they import nothing from this repository but their sibling `measure.py`.
"""
