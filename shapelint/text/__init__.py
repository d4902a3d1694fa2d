"""Text for terminals: source lines, code frames and colour."""
