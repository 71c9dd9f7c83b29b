"""Alerts: rules over turns, one pure decision for live chat and for history, and delivery that loses nothing."""
