"""What other programs read: Atom, the sitemap, robots."""
