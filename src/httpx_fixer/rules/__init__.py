"""The reading wing, upper floor: one rule a file."""
