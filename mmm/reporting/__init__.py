"""The pages and the workbook that people read, made from the tables of a run."""
