import pytest

from chatmon.prompts import PROMPTS, Prompt, prompt

NOTE = "Your bill is due on the 5th."


def test_the_first_version_has_the_note_in_the_system_message() -> None:
    (system, human) = prompt("v1").messages("When?", NOTE)
    assert system == ("system", f"{PROMPTS['v1'].system}\nFacts: {NOTE}")
    assert human == ("human", "When?")


def test_the_second_version_shows_examples_and_ends_with_question_and_note() -> None:
    messages = prompt("v2").messages("When?", NOTE)
    assert [role for role, _ in messages] == ["system"] + ["human", "ai"] * 6 + ["human"]
    assert messages[-1] == ("human", f"Customer: When?\nRepeat: {NOTE}")
    assert NOTE not in messages[0][1]
    for (_, asked), (_, answered) in zip(messages[1:-1:2], messages[2:-1:2], strict=True):
        assert asked.endswith(f"Repeat: {answered}")


@pytest.mark.parametrize("version", PROMPTS)
def test_history_stands_between_the_examples_and_the_question(version: str) -> None:
    messages = prompt(version).messages("And now?", NOTE, [("Before?", "Yes.")])
    assert messages[-3:-1] == [("human", "Before?"), ("ai", "Yes.")]


@pytest.mark.parametrize("version", PROMPTS)
@pytest.mark.parametrize("text", ["{note} {question} {0}", "%s", "\\1", ""])
def test_what_users_write_is_never_read_as_a_template(version: str, text: str) -> None:
    assert text in prompt(version).messages(text, NOTE)[-1][1]


def test_a_system_message_of_ones_own_replaces_that_of_a_version_or_makes_a_new_one() -> None:
    assert prompt("v2", "Be brief.") == Prompt("v2", "Be brief.", True, PROMPTS["v2"].examples)
    assert prompt("brief", "Be brief.") == Prompt("brief", "Be brief.")
    with pytest.raises(ValueError, match="no prompt version 'brief': there are v1, v2"):
        prompt("brief")
