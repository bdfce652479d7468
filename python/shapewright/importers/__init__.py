"""Models of frameworks as graphs: one importer a framework, imported only when it is asked for."""
