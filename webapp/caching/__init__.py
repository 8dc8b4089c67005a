"""Pages that all strangers see alike are rendered once and kept, until something that they show has changed."""
