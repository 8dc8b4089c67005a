"""Finding posts by their words: one small interface, and three engines behind it."""
