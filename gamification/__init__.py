"""Gamification: badges, quests, leaderboards, wheel, raffles and auctions. Calls down into rewards and loyalty; empty until the first game arrives."""
