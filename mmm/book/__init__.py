"""The workbook in: settings and data of a company on sheets, for people who will not write YAML.

What a sheet, a setting and a column are called in each language is in `words.py`; `template.py` writes an empty one,
and `reading.py` reads a filled one as a config.
"""
