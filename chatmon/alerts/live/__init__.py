"""Alerts while a bot runs: the engine that judges, and the way of a notification to where it rings."""
