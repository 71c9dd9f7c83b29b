"""Seeded support-desk traffic with planted problems, and the truth about them.

``desk`` holds what the desk is like, ``problems`` what can go wrong, ``draws`` the random numbers, ``arrivals`` and
``world`` what follows from them, ``table`` the turns, ``truth`` the answer key.
"""

from chatmon.lab.traffic._problems import KINDS, SEVERITIES, Problem, surprise
from chatmon.lab.traffic._simulation import Simulation, simulate
from chatmon.lab.traffic.truth import Plant, Saving, Truth

__all__ = ["KINDS", "SEVERITIES", "Plant", "Problem", "Saving", "Simulation", "Truth", "simulate", "surprise"]
