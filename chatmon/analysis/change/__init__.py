"""What changed between two periods, how sure that is, and what it is made of."""
