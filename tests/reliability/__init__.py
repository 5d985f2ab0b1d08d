"""Measures what the server withstands, and writes docs/reliability.md: ``make reliability``."""
