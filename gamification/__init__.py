"""Gamification: badges, quests, leaderboards, wheel, raffles and auctions.

Calls down into the apps below it; empty until the first game arrives.
"""
