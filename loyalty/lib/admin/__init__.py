"""The staff screens' own tools: whose desk it is, screens scoped to a program, history, export. No tables.

A screen is a ModelAdmin. `desk.py` says which programs the person may work on and which one is open; `screens.py` are
the bases that every registered screen stands on; `history.py` shows who changed what; `export.py` writes CSV and XLSX.
"""
