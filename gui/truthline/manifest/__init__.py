"""Ground Truth JSON Lines: what they say, how they change, and what is wrong with them."""
