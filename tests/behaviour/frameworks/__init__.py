"""Frameworks other than those under uvicorn, started for real before and after the rewrite."""
