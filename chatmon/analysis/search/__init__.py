"""Where and when something changed: cells of hours and slices, windows over them, and the scan for the likeliest."""
