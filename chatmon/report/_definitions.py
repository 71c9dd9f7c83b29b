"""What each number of the report means, in a sentence or two."""

from __future__ import annotations

from typing import Final

DEFINITIONS: Final[dict[str, str]] = {
    "Turn": "One user message and the reply to it, failed ones included.",
    "Conversation": (
        "Turns with one conversation id. Abandoned: its last turn failed or did not complete the task, and nothing "
        "followed. Resolved: its last turn completed it. Unknown where that turn does not say whether it did."
    ),
    "Response time": "Seconds from the request to the complete reply; of failed turns too, where it is known.",
    "First token": "Seconds from the request to the first token of a streamed reply.",
    "Percentile": (
        "Linearly interpolated; its interval is that of order statistics and assumes nothing of how times are spread. "
        "Too few: fewer than one value is expected beyond the percentile, or the interval lacks an end."
    ),
    "Failed turns": "Turns that ended in an error, of all turns; the interval is Wilson's.",
    "Tokens": "Input is all input, tokens read from a cache included; output is all output, reasoning included.",
    "Cost": ("US dollars of the turns that have a price, added up exactly. An unknown price is unknown and never 0."),
    "Rating": "What users gave, 1 to 5. Most say nothing, and who rates may not be like who does not.",
    "Corrected rate": (
        "How often replies are good, with the judge's errors taken out by labels. It holds where the labelled replies "
        "were drawn at random. The judge's own rate, beside it, knows nothing of its errors."
    ),
    "Agreement": (
        "How often judge and labels say the same. By chance: how often two would who say yes as often, and look at no "
        "reply. Kappa is what is beyond that: 0 is chance, 1 is complete."
    ),
    "Change": (
        "A window in which a measure of a slice differs from the rest of that slice. Same hours compared: each hour is "
        "held against hours of its kind (quarter of the day; working day or weekend). All measures, slices and windows "
        "looked at are allowed for (Bonferroni), so a log in which nothing happens shows a change in fewer than 5 of "
        "100 cases. The window was searched for: its ends are estimates, and the interval does not know of the search."
    ),
    "Points": "Of shares, percentage points: from 50 % to 69 % is 19 points. Of ratings, steps of 1 to 5.",
    "Weight": (
        "What a change makes up of the whole log: of its waiting, of its failed turns and of the tasks known not to be "
        "completed, or of its cost. Findings are ranked by it."
    ),
    "Recommendation": (
        "What would have saved so much on the same traffic, found in one half of the users and estimated on the other "
        "where the log is large enough. A month is 30 days. It is a claim until an experiment or a trial confirms it."
    ),
    "Intervals": (
        "95 %. n is the number of values behind a number. Those of changes, ratings and experiments take the turns of "
        "a conversation as alike; those of rates, means and percentiles take turns as independent, and are "
        "up to twice too narrow where an incident strikes whole conversations. "
        "Times are of the zone that stands with them."
    ),
}
