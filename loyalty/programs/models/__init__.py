"""The tables of programs, one file per noun; import from the noun's file."""
