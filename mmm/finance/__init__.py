"""What an outcome is worth: margin, break-even, profit."""
