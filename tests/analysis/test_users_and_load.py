"""Conversations, satisfaction, capacity, cost by dimension, errors over time: worked by hand and by pandas."""

import statistics
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from analysis.by_hand import MONDAY, turn
from hypothesis import example, given
from hypothesis import strategies as st
from properties import examples
from scipy import stats

from chatmon import analysis, estimates
from chatmon import turns as table
from chatmon.analysis.source import query
from chatmon.lab.traffic import simulate
from chatmon.optimizer._sample import take

LOG = simulate(5, start=MONDAY, days=3, turns_per_day=200).turns
FRAME = table.as_frame(LOG)


class TestConversations:
    TURNS = (
        turn(0, conversation="solved", user_id="u", hours=0, response_time=2.0, task_completed=False, cost="0.1"),
        turn(1, conversation="solved", user_id="u", hours=0.01, response_time=4.0, task_completed=True, cost="0.2"),
        turn(2, conversation="given up", hours=1, task_completed=True, cost="0.1"),
        turn(3, conversation="given up", hours=1.1, task_completed=False),
        turn(4, conversation="failed", hours=2, task_completed=True, error_type="TimeoutError"),
        turn(5, conversation="silent", hours=3),
        turn(6, conversation="open", hours=9, task_completed=False),
    )

    ENDS = (
        (None, None, None), (None, "TimeoutError", None), (True, None, True), (True, "TimeoutError", False),
        (False, None, False), (False, "TimeoutError", False),
    )  # fmt: skip
    """What a last turn says: ``task_completed``, ``error_type``, and whether the conversation was resolved."""

    @staticmethod
    def ended(*ends):
        """Return conversations of two turns, of every other one at the same moment, that end so; one may go on."""
        turns = [turn("open", hours=99)]
        for place, (done, failed) in enumerate(ends):
            turns.append(turn(f"{place} first", conversation=f"c{place}", hours=place, task_completed=done is None))
            last = {"hours": place + place % 2 / 10, "task_completed": done, "error_type": failed}
            turns.append(turn(f"{place} last", conversation=f"c{place}", **last))
        return turns

    @pytest.mark.parametrize(("done", "failed", "resolved"), ENDS)
    def test_how_it_ended_is_known_where_the_last_turn_says_whether_the_task_was_completed(
        self, done, failed, resolved
    ):
        found = analysis.conversations(self.ended((done, failed)))
        row = found.frame.set_index("conversation_id").loc["c0"]
        if resolved is None:
            assert row[["resolved", "abandoned"]].isna().all()
            assert (found.abandonment, found.resolution) == (estimates.rate(0, 0), estimates.rate(0, 0))
        else:
            assert (row["resolved"], row["abandoned"]) == (resolved, not resolved)
            assert (found.abandonment.value, found.abandonment.n, found.unknown) == (not resolved, 1, 0)

    def test_of_a_log_that_never_says_how_they_ended_no_share_is_given(self):
        ends = [(None, None), (None, "TimeoutError"), (None, None)]
        found = analysis.conversations(self.ended(*ends))
        assert (found.abandonment.value, found.resolution.value, found.unknown) == (None, None, 3)
        assert "abandoned      unknown (n = 0)" in str(found)
        assert "unknown        how 3 of the 3 that are over ended" in str(found)

    def test_where_a_part_says_so_the_share_is_of_that_part_and_the_others_are_counted(self):
        found = analysis.conversations(self.ended(*[(True, None)] * 3, (False, None), *[(None, "TimeoutError")] * 6))
        assert (found.abandonment.value, found.abandonment.n, found.unknown) == (0.25, 4, 6)
        assert (found.resolution.value, found.resolution.n) == (0.75, 4)
        assert "how 6 of the 10 that are over ended" in str(found)

    def test_where_all_say_so_none_is_unknown(self):
        found = analysis.conversations(self.ended((True, None), (False, None)))
        assert (found.abandonment.value, found.abandonment.n, found.unknown) == (0.5, 2, 0)
        assert "ended" not in str(found)

    def test_of_no_turns_nothing_is_known_and_of_one_that_it_may_go_on(self):
        for turns, may_go_on in (([], 0), ([turn(0, task_completed=False)], 1)):
            found = analysis.conversations(turns)
            assert (found.abandonment.value, found.unknown, found.open) == (None, 0, may_go_on)

    @examples(25)
    @given(st.lists(st.tuples(st.none() | st.booleans(), st.none() | st.just("TimeoutError")), max_size=8))
    def test_each_is_open_unknown_abandoned_or_resolved_and_the_optimizer_counts_the_same(self, ends):
        turns = self.ended(*ends)
        found = analysis.conversations(turns)
        known = [done and not failed for done, failed in ends if done is not None]
        for share, count in ((found.abandonment, known.count(False)), (found.resolution, known.count(True))):
            assert share[:4] == estimates.rate(count, len(known))[:4]  # each of them is of a user of its own
        assert found.open + found.unknown + found.abandonment.n == len(found.frame)
        unhelped = query(take(turns).turns, "SELECT sum(unhelped), count(unhelped) FROM turns")
        assert unhelped == [(known.count(False) if known else None, 2 * len(known))]

    def test_each_ends_as_its_last_turn_does(self):
        frame = analysis.conversations(self.TURNS).frame.set_index("conversation_id")
        assert frame["resolved"].to_dict() | {"silent": None} == {
            "solved": True, "given up": False, "failed": False, "silent": None, "open": False,
        }  # fmt: skip
        assert frame["resolved"].isna().to_dict()["silent"]
        assert frame.loc["solved", ["turns", "errors", "user_id"]].tolist() == [2, 0, "u"]
        assert frame.loc["solved", "duration"] == pytest.approx(36 + 4)
        assert frame.loc["solved", "cost"] == Decimal("0.3")
        assert frame["cost"].isna()["given up"]

    def test_only_those_that_are_over_and_say_how_they_ended_count(self):
        found = analysis.conversations(self.TURNS)
        assert found.open == 1
        assert (found.abandonment.value, found.abandonment.n) == (pytest.approx(2 / 3), 3)
        assert (found.resolution.value, found.length.n) == (pytest.approx(1 / 3), 4)

    def test_how_long_nothing_must_follow_is_up_to_the_caller(self):
        assert analysis.conversations(self.TURNS, idle=timedelta(hours=7)).open == 2
        with pytest.raises(ValueError, match=r"idle .* is not positive"):
            analysis.conversations(self.TURNS, idle=timedelta(0))

    def test_they_are_those_of_pandas(self):
        frame = analysis.conversations(LOG).frame.set_index("conversation_id").sort_index()
        groups = FRAME.groupby("conversation_id")
        assert frame["turns"].tolist() == groups.size().sort_index().tolist()
        last = FRAME.sort_values(["timestamp", "turn_id"]).groupby("conversation_id").tail(1)
        last = last.set_index("conversation_id").sort_index()
        wanted = last["task_completed"] & last["error_type"].isna()
        assert frame["resolved"].tolist() == wanted.tolist()

    def test_its_averages_are_those_of_the_list(self):
        # All of these conversations are over when the log ends, ten hours later.
        found = analysis.conversations([*table.from_arrow(LOG), turn("last", hours=82, task_completed=True)])
        over = found.frame[found.frame["conversation_id"] != "clast"]
        assert found.open == 1
        assert found.length.value == pytest.approx(statistics.fmean(over["turns"]))
        assert found.duration.value == pytest.approx(np.quantile(over["duration"], 0.5))

    def test_their_intervals_are_as_wide_as_leaving_out_one_user_at_a_time_says(self):
        found = analysis.conversations([*table.from_arrow(LOG), turn("last", hours=82, task_completed=True)])
        over = found.frame[found.frame["conversation_id"] != "clast"]
        for estimate, name in ((found.length, "turns"), (found.abandonment, "abandoned")):
            known = over.dropna(subset=[name]).groupby("user_id")[name]
            totals, number = (one.to_numpy(dtype=float) for one in (known.sum(), known.count()))
            without = (totals.sum() - totals) / (number.sum() - number)
            error = np.sqrt((len(number) - 1) / len(number) * ((without - without.mean()) ** 2).sum())
            assert (estimate.high - estimate.low) / 2 == pytest.approx(1.97 * error, rel=0.05)

    def test_it_reads_as_a_text_that_says_what_abandoned_means(self):
        assert "nothing followed within 30 minutes" in str(analysis.conversations(LOG))


class TestSatisfaction:
    def test_the_mean_and_the_silence_worked_by_hand(self):
        ratings = [5.0, 3.0, None, 4.0]
        turns = [turn(place, conversation="one", user_satisfaction=rating) for place, rating in enumerate(ratings)]
        turns += [turn(9, user_satisfaction=2.0, error_type="TimeoutError"), turn(10, error_type="TimeoutError")]
        found = analysis.satisfaction(turns)
        assert (found.score.value, found.score.n) == (3.5, 4)
        assert found.response_rate.value == pytest.approx(4 / 6)
        assert found.distribution == {1: 0, 2: 1, 3: 1, 4: 1, 5: 1}
        assert (found.error_rate_rated.value, found.error_rate_silent.value) == (0.25, 0.5)
        # Two conversations: residuals (12 - 3 x 3.5) and (2 - 3.5); error sqrt(2 x (1.5^2 + 1.5^2)) / 4; t(1) = 12.706.
        assert found.score.high - 3.5 == pytest.approx(12.7062 * np.sqrt(2 * 4.5) / 4, rel=1e-4)

    def test_its_interval_is_as_wide_as_leaving_out_one_conversation_at_a_time_says(self):
        found = analysis.satisfaction(LOG).score
        rated = FRAME.dropna(subset="user_satisfaction").groupby("conversation_id")["user_satisfaction"]
        totals, turns = rated.sum().to_numpy(), rated.count().to_numpy()
        without = (totals.sum() - totals) / (turns.sum() - turns)
        error = np.sqrt((len(turns) - 1) / len(turns) * ((without - without.mean()) ** 2).sum())
        reach = error * stats.t.ppf(0.975, len(turns) - 1)
        assert (found.high - found.low) / 2 == pytest.approx(reach, rel=0.02)


class TestCapacity:
    def test_a_minute_worked_by_hand(self):
        minutes = [0, 0, 0, 1, 5]
        turns = [turn(n, hours=minute / 60, input_tokens=10, output_tokens=5) for n, minute in enumerate(minutes)]
        load = analysis.capacity(turns).turns
        assert (load.peak, load.at, load.minutes, load.mean) == (3, MONDAY, 6, pytest.approx(5 / 6))
        assert analysis.capacity(turns).tokens.peak == 45

    def test_what_is_not_reported_is_unknown(self):
        found = analysis.capacity([turn(0)])
        assert (found.tokens, found.concurrent) == (None, None)

    @example([(0, 10), (10, 5)])
    @examples(15)
    @given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 60)), min_size=1, max_size=12))
    def test_turns_at_once_are_those_one_counts_second_by_second(self, spans):
        turns = [turn(n, hours=start / 3600, response_time=float(length)) for n, (start, length) in enumerate(spans)]
        wanted = max(sum(start <= second < start + length for start, length in spans) for second in range(200))
        assert analysis.capacity(turns).concurrent == wanted

    def test_the_busy_twentieth_is_that_of_numpy(self):
        load = analysis.capacity(LOG).turns
        minutes = FRAME.set_index("timestamp").resample("min").size()
        assert (load.minutes, load.peak) == (len(minutes), minutes.max())
        assert load.p95 == np.percentile(minutes, 95, method="lower")


class TestCostBy:
    def test_the_parts_add_up_to_the_last_digit(self):
        found = analysis.cost_by(LOG, "model")
        assert found["cost"].sum() == FRAME["cost"].sum()
        assert found["share"].sum() == pytest.approx(1)

    def test_means_are_over_what_has_a_cost(self):
        turns = [
            turn(0, conversation="a", user_id="u", intent="x", cost="0.30"),
            turn(1, conversation="a", user_id="u", intent="x", cost="0.10"),
            turn(2, conversation="b", user_id="u", intent="x", cost="0.20"),
            turn(3, conversation="c", intent="x", cost="0.60"),
            turn(4, conversation="d", user_id="v", intent="x"),
        ]
        row = analysis.cost_by(turns).iloc[0]
        assert (row["turns"], row["unpriced"], row["cost"]) == (5, 1, Decimal("1.20"))
        assert (row["per_turn"], row["per_conversation"], row["per_user"]) == pytest.approx((0.3, 0.4, 0.6))

    def test_an_unknown_dimension_is_refused(self):
        with pytest.raises(ValueError, match="tokens is no dimension of turns"):
            analysis.cost_by(LOG, "tokens")
