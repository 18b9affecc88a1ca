"""What the console draws with. Each widget is in the module of its name."""
