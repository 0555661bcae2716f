"""Rewards: the catalogue, stock, redemptions, coupons, clubs and experiences. Calls down into loyalty; empty until the catalogue arrives."""
