"""What staff fill in about programs, wallets, rules, members and points: shape and wording, no policy."""
