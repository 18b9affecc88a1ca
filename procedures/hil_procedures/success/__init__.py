"""Demonstration of a success rate at one condition: by a plan of fixed size, and sequentially."""
