import pytest

from chatmon.experiment import analyse, create_prompt_experiment, get_experiment_results, load

PLAN = {
    "hypothesis": "A shorter prompt completes more tasks.",
    "primary": "task_completion",
    "effect": 0.05,
    "users": 2000,
    "days": 7,
    "looks": 7,
    "guardrails": {"error_rate": 1.0},
}


def test_an_experiment_made_here_is_a_plan_on_disk_and_its_results_are_analyse_s(plan, better, tmp_path):
    folder = tmp_path / "plans"
    name = create_prompt_experiment(["control", "short"], folder, name="short-prompt", start=plan.start, **PLAN)
    assert name == "short-prompt"
    saved = load(folder / "short-prompt.json")
    assert saved.variants == {"control": 1, "short": 1}
    found = get_experiment_results(name, folder, better, look=7)
    assert str(found) == str(analyse(better, saved, look=7))


def test_a_second_plan_of_that_name_is_refused(plan, tmp_path):
    create_prompt_experiment(["control", "short"], tmp_path, name="one", start=plan.start, **PLAN)
    with pytest.raises(FileExistsError, match="a new one has a new name"):
        create_prompt_experiment(["control", "short"], tmp_path, name="one", start=plan.start, **PLAN)


def test_what_cannot_be_guessed_is_asked_for(tmp_path):
    with pytest.raises(TypeError, match="hypothesis"):
        create_prompt_experiment(["control", "short"], tmp_path, name="one")
    with pytest.raises(FileNotFoundError):
        get_experiment_results("none", tmp_path, [], look=1)


@pytest.mark.parametrize(("variants", "name"), [(["a", "a"], "one"), (["a", "b"], "../one"), (["a", "b"], ".one")])
def test_names_that_do_not_fit_are_refused(plan, tmp_path, variants, name):
    with pytest.raises(ValueError, match="name"):
        create_prompt_experiment(variants, tmp_path, name=name, start=plan.start, **PLAN)
