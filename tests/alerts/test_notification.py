from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from notices import firing

from chatmon.alerts.notification import Notification

LABELS = st.dictionaries(st.text("ab,=\\", min_size=1, max_size=3), st.text("ab,=\\", max_size=3), max_size=3)


@given(LABELS, LABELS)
def test_two_alerts_have_one_key_only_if_they_have_the_same_labels(one, other):
    keys = [replace(firing(), labels=labels).key for labels in (one, other)]
    assert (keys[0] == keys[1]) is (one == other)


def test_it_survives_as_json_values():
    assert Notification.from_dict(firing().to_dict()) == firing()
