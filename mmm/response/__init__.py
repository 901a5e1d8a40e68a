"""What any spend brings: schedules, response curves per draw, the decomposition and the returns."""
