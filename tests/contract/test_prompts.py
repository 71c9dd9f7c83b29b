"""Prompts, files of examples, and feedback without a key, by LangSmith's own client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import httpx
import pytest
from langchain_core.prompts import ChatPromptTemplate
from langsmith.utils import LangSmithConflictError, LangSmithError, LangSmithNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from langsmith import Client

pytestmark = pytest.mark.filterwarnings("ignore::langsmith._internal._beta_decorator.LangSmithDeprecationWarning")


def template(text: str) -> ChatPromptTemplate:
    return ChatPromptTemplate.from_messages([("system", text), ("user", "{question}")])


def texts(found: ChatPromptTemplate) -> list[str]:
    return [message.prompt.template for message in found.messages]


@pytest.fixture
def name() -> str:
    return f"desk-{uuid4()}"


def test_a_prompt_is_pulled_as_it_was_pushed_also_an_earlier_commit_of_it(client: Client, name: str) -> None:
    client.push_prompt(name, object=template("Be brief."), description="the desk's", tags=["desk"])
    client.push_prompt(name, object=template("Be kind."), commit_tags="production")
    client.push_prompt(name, object=template("Be both."))
    commits = list(client.list_prompt_commits(name))
    assert len(commits) == 3
    assert commits[0].commit_hash == client.pull_prompt_commit(name, skip_cache=True).commit_hash
    assert texts(client.pull_prompt(name, skip_cache=True)) == ["Be both.", "{question}"]
    assert texts(client.pull_prompt(f"{name}:{commits[2].commit_hash}", skip_cache=True))[0] == "Be brief."
    assert texts(client.pull_prompt(f"{name}:{commits[2].commit_hash[:8]}", skip_cache=True))[0] == "Be brief."
    assert texts(client.pull_prompt(f"{name}:production", skip_cache=True))[0] == "Be kind."
    found = client.get_prompt(name)
    assert (found.num_commits, found.description, found.tags, found.is_public) == (3, "the desk's", ["desk"], False)
    assert found.last_commit_hash == commits[0].commit_hash
    assert commits[0].parent_commit_hash == commits[1].commit_hash


def test_what_changes_nothing_is_no_commit(client: Client, name: str) -> None:
    client.push_prompt(name, object=template("Be brief."))
    with pytest.raises(LangSmithConflictError, match="nothing to commit"):
        client.push_prompt(name, object=template("Be brief."))
    assert client.get_prompt(name).num_commits == 1


def test_prompts_are_listed_changed_liked_and_deleted(client: Client, name: str) -> None:
    client.create_prompt(name, description="before")
    client.update_prompt(name, description="after", is_archived=False)
    assert client.like_prompt(name) == {"likes": 1}
    (listed,) = client.list_prompts(query=name).repos
    assert (listed.repo_handle, listed.description, listed.num_likes, listed.num_commits) == (name, "after", 1, 0)
    assert client.list_prompts(query=name).total == 1
    with pytest.raises(LangSmithNotFoundError, match="0 commits"):
        client.pull_prompt(name, skip_cache=True)
    client.delete_prompt(name)
    assert client.get_prompt(name) is None


@pytest.mark.parametrize("wrong", ["Big", "1st", "a" * 101])
def test_a_name_that_is_none_is_refused(client: Client, wrong: str) -> None:
    with pytest.raises(LangSmithError, match="small letters"):
        client.create_prompt(wrong)


def test_a_csv_file_is_a_dataset(client: Client, tmp_path: Path, name: str) -> None:
    path = tmp_path / "questions.csv"
    path.write_text('question,answer,note\n"where, please?",here,x\nwhen?,"now\nor later",y\n', encoding="utf-8")
    made = client.upload_csv(str(path), input_keys=["question"], output_keys=["answer"], name=name, description="d")
    examples = list(client.list_examples(dataset_id=made.id))
    assert [(one.inputs, one.outputs) for one in examples] == [
        ({"question": "where, please?"}, {"answer": "here"}),
        ({"question": "when?"}, {"answer": "now\nor later"}),
    ]
    assert client.read_dataset(dataset_name=name).description == "d"
    with pytest.raises(LangSmithError, match="no column reply: the file has question, answer, note"):
        client.upload_csv(str(path), input_keys=["question"], output_keys=["reply"], name=f"{name}-2")
    assert not client.has_dataset(dataset_name=f"{name}-2")


def test_who_has_a_token_gives_feedback_without_the_key_until_it_ends(client: Client) -> None:
    run = uuid4()
    client.create_run("desk", {"q": 1}, "chain", id=run, trace_id=run, dotted_order=None, project_name="tokens")
    client.flush()
    token, other = client.create_presigned_feedback_tokens(run, ["helpful", "kind"])
    assert timedelta(hours=2) < token.expires_at - datetime.now(UTC) <= timedelta(hours=3)
    client.create_feedback_from_token(token.url, score=1, comment="yes")
    assert httpx.get(other.url, params={"score": "0.5"}).status_code == 200
    found = {one.key: (one.score, one.comment) for one in client.list_feedback(run_ids=[run])}
    assert found == {"helpful": (1, "yes"), "kind": (0.5, None)}
    assert {one.id for one in client.list_presigned_feedback_tokens(run)} == {token.id, other.id}
    over = client.create_presigned_feedback_token(run, "late", expiration=datetime.now(UTC) - timedelta(seconds=1))
    answer = httpx.get(over.url, params={"score": "1"})
    assert (answer.status_code, "ended at" in answer.json()["detail"]) == (403, True)


def test_nothing_is_made_public(client: Client, name: str) -> None:
    with pytest.raises(LangSmithError, match="one machine"):
        client.share_dataset(dataset_id=client.create_dataset(name).id)
    with pytest.raises(LangSmithError, match="one machine"):
        client.share_run(uuid4())
