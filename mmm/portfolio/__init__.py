"""Many companies or markets in one call: runs side by side, isolated; one budget over several markets."""
