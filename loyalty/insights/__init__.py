"""Figures and their history: what the staff start page shows. Reads the ledger through its queries."""
