"""The reading wing, upper floor: one framework a file."""
