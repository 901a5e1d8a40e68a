"""What a person at a terminal reads: aligned tables, a progress line, questions. Plain text, no colours."""
