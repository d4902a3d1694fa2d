"""What a project says without being run: its files, its classes, and how it builds them."""
