"""Where the client of LangSmith is sent: the environment decides."""

import pytest

from chatmon.lab.services.langsmith._connection import place


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "local"),
        ({"LANGSMITH_API_KEY": "k"}, "hosted"),
        ({"LANGCHAIN_API_KEY": "k"}, "hosted"),
        ({"LANGSMITH_ENDPOINT": "http://my.own:1984"}, "hosted"),
        ({"LANGSMITH_API_KEY": "k", "CHATMON_LANGSMITH": "local"}, "local"),
        ({"LANGSMITH_API_KEY": ""}, "local"),
    ],
)
def test_the_environment_says_which_service_it_is(environment, expected):
    assert place(environment) == expected


def test_an_environment_that_contradicts_itself_is_refused():
    with pytest.raises(ValueError, match="LANGSMITH_API_KEY is not set"):
        place({"CHATMON_LANGSMITH": "hosted"})
    with pytest.raises(ValueError, match=r"'mars'.* neither 'hosted' nor 'local'"):
        place({"CHATMON_LANGSMITH": "mars"})
