import pytest

from chatmon.lab.bot._prompts import PROMPTS, BotPrompt, prompt

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


@pytest.mark.parametrize(("version", "grows"), [("v1", False), ("v2", True), ("v1-note-last", True)])
def test_only_where_the_note_is_last_is_all_that_was_sent_before_sent_again_unchanged(
    version: str, grows: bool
) -> None:
    asking = prompt(version)
    before = asking.messages("When?", NOTE)
    after = asking.messages("How much?", "It is 30 euros.", [(asking.ask("When?", NOTE), "On the 5th.")])
    assert (after[: len(before)] == before) is grows


def test_the_note_is_sent_wherever_it_stands() -> None:
    first, last = (prompt(version).messages("When?", NOTE) for version in ("v1", "v1-note-last"))
    assert last == [("system", PROMPTS["v1"].system), ("human", f"When?\nFacts: {NOTE}")]
    assert sorted("\n".join(text for _, text in first).split("\n")) == sorted(
        "\n".join(text for _, text in last).split("\n")
    )


def test_a_prompt_that_begins_with_the_user_is_the_other_one_behind_that() -> None:
    plain, named, other = (
        prompt(version).messages("When?", NOTE, user_id=user)
        for version, user in (("v2", "ada"), ("v2-user-first", "ada"), ("v2-user-first", "ben"))
    )
    assert named[0] == ("system", f"The customer is ada.\n{plain[0][1]}")
    assert named[1:] == plain[1:] == other[1:]
    assert named[0] != other[0]


def test_a_system_message_of_ones_own_replaces_that_of_a_version_or_makes_a_new_one() -> None:
    assert prompt("v2", "Be brief.") == BotPrompt("v2", "Be brief.", True, PROMPTS["v2"].examples)
    assert prompt("v1-note-last", "Be brief.") == BotPrompt("v1-note-last", "Be brief.", note_last=True)
    assert prompt("brief", "Be brief.") == BotPrompt("brief", "Be brief.")
    with pytest.raises(ValueError, match="no prompt version 'brief': there are v1, v2"):
        prompt("brief")
