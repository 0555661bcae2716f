"""Partners: companies, offers, point exchange and settlement.

Calls down into the apps below it; empty until the first partner arrives.
"""
