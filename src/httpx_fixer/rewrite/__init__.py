"""The writing wing: from planned edits to changed bytes, built on libcst."""
