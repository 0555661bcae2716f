"""Charity: causes, donations, matching and payouts.

Calls down into the apps below it; empty until the first cause arrives.
"""
