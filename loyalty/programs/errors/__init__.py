"""What the programs floor refuses, in the user's words: one file per noun."""
