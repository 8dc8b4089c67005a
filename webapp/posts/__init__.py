"""Drafts, their publication, and the pages that show them."""
