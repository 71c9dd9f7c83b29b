from benchmarks import optimizer


def test_a_planted_problem_is_judged_by_what_was_found_of_it():
    assert optimizer.judge("latency_step", "severe", 7000, 500) == optimizer.Log(1, 1, 1, 1, 0)


def test_a_quiet_log_has_nothing_planted_to_be_found():
    quiet = optimizer.judge("clean", "-", 7001, 300)
    assert (quiet.planted, quiet.found) == (0, 0)
