"""Keys of a class: each says whose it is, and is made from the server's own."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from chatmon.lab.services._user_keys import user_key, user_of
from chatmon.lab.services.llm import shared_address

NAMES = st.text(min_size=1).filter(lambda name: name.isascii() or name.encode("utf-8", "ignore").decode() == name)


@examples(200)
@given(NAMES, st.text("abc:@/%. ", min_size=1))
def test_a_key_says_whose_it_is_and_another_server_does_not_know_it(name, server):
    key = user_key(name, server)
    assert user_of(key, server) == name
    assert user_of(key, f"{server}x") is None
    assert key.isascii()
    assert not set(key) & set("@/ ")


def test_a_key_is_the_name_and_its_hmac_of_rfc_2104():
    expected = hmac.new(b"secret", b"ada%40school", hashlib.sha256).hexdigest()
    assert user_key("ada@school", "secret") == f"ada%40school:{expected}"


@pytest.mark.parametrize("other", ["bob", "ad", "", "ada:", "%61da"])
def test_a_key_with_another_s_name_on_it_is_nobody_s(other):
    signature = user_key("ada", "secret").partition(":")[2]
    assert user_of(f"{other}:{signature}", "secret") is None


def test_the_server_s_own_key_is_nobody_s_of_the_class():
    assert user_of("secret", "secret") == ""
    with pytest.raises(ValueError, match="name is empty"):
        user_key("", "secret")


def test_an_address_holds_the_key_before_the_loopback():
    assert shared_address("ada", "s", 4040) == f"http://{user_key('ada', 's')}@127.0.0.1:4040"
