"""What signs a webhook, and what a receiver must refuse."""

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples
from waits import PATIENCE

from chatmon.alerts.channels import BadSignatureError, sign, verify

SECRET = "a secret of some length"
SENT = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)
BODY = '{"id": "a1", "notifications": [], "note": "è"}'.encode()


def signed(body=BODY, secret=SECRET, at=SENT):
    return sign(secret, body, int(at.timestamp()))


def test_what_was_signed_now_is_accepted():
    assert verify(SECRET, signed(), BODY, now=SENT)["note"] == "è"


def test_the_signature_is_the_one_that_openssl_makes():
    headers = signed()
    text = headers["X-Chatmon-Timestamp"].encode() + b"." + BODY
    made = subprocess.run(
        ["openssl", "dgst", "-sha256", "-hmac", SECRET], input=text, capture_output=True, check=True, timeout=PATIENCE
    ).stdout.decode()
    assert headers["X-Chatmon-Signature"] == "v1=" + made.split()[-1]


def test_the_names_of_headers_may_come_in_any_case():
    headers = {name.lower(): value for name, value in signed().items()}
    assert verify(SECRET, headers, BODY, now=SENT)["id"] == "a1"


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
@examples(50)
def test_a_body_changed_in_one_byte_is_refused(position, change):
    other = bytearray(BODY)
    other[position] ^= change
    with pytest.raises(BadSignatureError, match="does not fit the body and the secret"):
        verify(SECRET, signed(), bytes(other), now=SENT)


def test_a_body_signed_with_another_secret_is_refused():
    with pytest.raises(BadSignatureError, match="does not fit"):
        verify(SECRET, signed(secret="another secret, just as long"), BODY, now=SENT)


def test_a_time_that_was_not_signed_is_refused():
    headers = signed() | {"X-Chatmon-Timestamp": str(int(SENT.timestamp()) + 1)}
    with pytest.raises(BadSignatureError, match="does not fit"):
        verify(SECRET, headers, BODY, now=SENT)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_five_minutes_apart_is_accepted_and_a_second_more_is_not(minutes):
    there = SENT + timedelta(minutes=minutes)
    assert verify(SECRET, signed(), BODY, now=there)["id"] == "a1"
    further = there + timedelta(seconds=minutes // 5)
    with pytest.raises(BadSignatureError, match="is 301 s from the receiver's time, at most 300 s are allowed"):
        verify(SECRET, signed(), BODY, now=further)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "X-Chatmon-Signature is missing"),
        ({"X-Chatmon-Signature": "v1=00"}, "is no number of seconds since 1970"),
        ({"X-Chatmon-Signature": "v1=00", "X-Chatmon-Timestamp": "now"}, "'now'. is no number"),
        ({"X-Chatmon-Signature": "v1=00", "X-Chatmon-Timestamp": "²"}, "is no number"),
        ({"X-Chatmon-Signature": "v1=00", "X-Chatmon-Timestamp": "-1"}, "is no number"),
        ({"X-Chatmon-Signature": "v1=é", "X-Chatmon-Timestamp": "1"}, "does not fit"),
    ],
)
def test_headers_that_prove_nothing_are_refused(headers, message):
    with pytest.raises(BadSignatureError, match=message):
        verify(SECRET, headers, BODY, now=SENT)
