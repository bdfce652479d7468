"""How each rival is called: one file a field, one function a rival."""
