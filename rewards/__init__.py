"""Rewards: the catalogue, stock, redemptions, coupons, clubs and experiences.

Calls down into the apps below it; empty until the catalogue arrives.
"""
