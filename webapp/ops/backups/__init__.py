"""Backups: one file that holds the database, what was uploaded, and a note of what it is."""
