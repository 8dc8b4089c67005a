"""What the site knows about itself."""
