"""Who gets the letter, since when, and how they leave."""
