"""A report as text, as data and as a page."""
