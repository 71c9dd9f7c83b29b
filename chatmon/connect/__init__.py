"""Other systems: each its own module, with packages of its own."""
