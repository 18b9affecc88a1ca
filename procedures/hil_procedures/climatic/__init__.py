"""Characterisation of a climatic chamber."""
