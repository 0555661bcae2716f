"""Charity: causes, donations, matching and payouts. Calls down into rewards and loyalty; empty until the first cause arrives."""
