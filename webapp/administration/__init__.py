"""What only the administrator decides, for the whole site."""
