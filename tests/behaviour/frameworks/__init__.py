"""Frameworks started for real, before and after the rewrite."""
