"""How good alerts and advice are, where what was planted is known."""
