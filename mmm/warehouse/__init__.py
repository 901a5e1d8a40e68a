"""One place for the data: the canonical tables, the store that keeps them, and what brings rows into it."""
