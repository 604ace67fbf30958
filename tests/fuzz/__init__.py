"""Generated and mutated programs through the whole tool."""
