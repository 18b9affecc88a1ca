"""What a user need not say with every command: where the settings are, and which value holds."""
