"""Inferred shapes held to the arrays that models really gave."""
