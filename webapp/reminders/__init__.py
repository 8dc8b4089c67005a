"""Reminders: what someone asked to be told, and when."""
