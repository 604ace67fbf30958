"""Tests of one kind of edit a file."""
