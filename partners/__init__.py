"""Partners: companies, offers, point exchange and settlement. Calls down into rewards and loyalty; empty until the first partner arrives."""
