"""What people say under a post, and who decides whether it stays."""
