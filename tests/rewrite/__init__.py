"""Tests of the writing wing."""
