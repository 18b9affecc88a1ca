"""What the console asks or tells apart from its views: over them, but never over the two rows on top or the keys."""
