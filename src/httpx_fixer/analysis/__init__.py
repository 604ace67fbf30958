"""The reading wing, lower floor: a read-only model of the user's project, built on `ast`."""
