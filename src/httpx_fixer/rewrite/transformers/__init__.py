"""One kind of edit a file: pure functions `(edit, original, updated) -> updated`."""
