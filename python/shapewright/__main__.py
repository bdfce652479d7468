"""`python -m shapewright` is the command `shapewright`."""

from shapewright.cli import main

main()
