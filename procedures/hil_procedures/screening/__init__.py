"""Screening of influence quantities: which of them matter, and how much of the operating domain was covered."""
