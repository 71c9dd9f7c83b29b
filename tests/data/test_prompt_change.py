"""The turns before and after a change of the prompt are what their card says, and were asked what the seed says."""

import re
from statistics import median

from record_local_turns import plan
from record_prompt_change import DAYS, PROMPTS, SEED

from chatmon._tools.paths import DATA, data_file
from chatmon.cost import Usage, price
from chatmon.optimizer import recommend
from chatmon.turns import read_parquet

CARD = (DATA / "README.md").read_text(encoding="utf-8")
TURNS = read_parquet(data_file("prompt_change.parquet"))
OF = {version: [turn for turn in TURNS if turn.prompt_version == version] for version in PROMPTS.values()}


def test_the_card_states_the_turns_of_each_prompt():
    stated = re.search(r"(\d+) turns with `v2` on Monday .* (\d+) with `v2-user-first` on Tuesday", CARD)
    assert [len(OF[version]) for version in PROMPTS.values()] == [int(one) for one in stated.groups()]


def test_the_questions_and_their_times_are_those_of_the_seed():
    planned = plan(SEED, DAYS)
    assert [turn.question for turn in TURNS] == [message.text for message in planned]
    assert [turn.user_id for turn in TURNS] == [message.user_id for message in planned]
    assert [turn.prompt_version for turn in TURNS] == [PROMPTS[message.at.date()] for message in planned]
    assert all(turn.error_type is None for turn in TURNS)


def test_every_turn_costs_what_its_tokens_cost_with_the_model_that_its_source_names():
    for turn in TURNS:
        model = re.search(r"/([\w.-]+), prices of", turn.price_source)[1]
        usage = Usage(turn.input_tokens, turn.cached_tokens, None, turn.output_tokens, None)
        assert turn.cost == price(usage, model, at=turn.timestamp).amount


def test_the_prompt_that_begins_with_the_user_is_a_little_longer_and_known_to_the_cache_far_less():
    longer = median(turn.input_tokens for turn in OF["v2-user-first"]) - median(turn.input_tokens for turn in OF["v2"])
    assert 0 < longer < 20
    known = {version: sum(t.cached_tokens for t in of) / sum(t.input_tokens for t in of) for version, of in OF.items()}
    assert known["v2"] > known["v2-user-first"] + 0.15


def test_the_change_is_recommended_against_with_what_stands_before_the_first_thing_that_varies():
    (one,) = recommend(TURNS).of("uncached_prefix")
    assert one.saving["usd"].low > 0
    assert one.start.date() == DAYS[0].date()
    evidence = dict(one.evidence)
    assert re.match(r"4\d%, against [0-2]%: 8 tokens \(median\) where 318 are usual", evidence[
        "first turns of which the cache knew little"])  # fmt: skip
    per_turn = [float(sum(t.cost for t in of)) / len(of) for of in OF.values()]
    naive = (per_turn[1] - per_turn[0]) * len(OF["v2-user-first"])
    assert one.saving["usd"].low < naive < one.saving["usd"].high
