"""Where shapewright meets other frameworks; each module is imported by whoever wants it."""
