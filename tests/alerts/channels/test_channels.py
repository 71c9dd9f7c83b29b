"""Every channel against a real receiver: the official clients over real sockets, into the inbox."""

import logging
import socket
import sys
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notices import NIGHT, firing, resolved
from properties import examples
from waits import PATIENCE, until

from chatmon._tools.retries import retry_after
from chatmon.alerts.channels import (
    Apprise,
    Log,
    Message,
    Notebook,
    PagerDuty,
    RefusedError,
    Slack,
    UndeliveredError,
    Webhook,
)
from chatmon.alerts.channels._slack import blocks
from chatmon.alerts.notification import Severity
from chatmon.lab.services.inbox import Inbox, start


@pytest.fixture(scope="module")
def running():
    with start() as inbox:
        yield inbox


@pytest.fixture
def inbox(running: Inbox):
    running.clear()
    running.behave("ok")
    return running


def channels(inbox, timeout=PATIENCE):
    return {
        "webhook": Webhook(inbox.webhook_url, inbox.secret, timeout=timeout),
        "slack": Slack(inbox.slack_url, timeout=timeout),
        "pagerduty": PagerDuty(inbox.routing_key, url=inbox.pagerduty_url, timeout=timeout),
    }


KINDS = ["webhook", "slack", "pagerduty"]
APPRISE_IMPORTS_IMGHDR = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def test_a_message_arrives(inbox, kind):
    channels(inbox)[kind].send(Message((firing(region="uk"),)))
    (content,) = inbox.messages(kind)
    assert "errors{region=uk}" in str(content)
    assert "20 % of 40 turns failed, the limit is 10 %" in str(content)


@pytest.mark.parametrize(
    ("behaviour", "problem"),
    [
        ("fail", "answered 500"),
        ("busy", "answered 429"),
        ("lie", "a web page is no receipt"),
        ("hang", "[Tt]imed? ?out"),
        ("hang_up", "Disconnected|disconnected|closed"),
    ],
)
def test_what_is_not_received_is_to_be_sent_again(inbox, kind, behaviour, problem):
    inbox.behave(behaviour)
    with pytest.raises(UndeliveredError, match=problem):
        channels(inbox, timeout=0.5 if behaviour == "hang" else PATIENCE)[kind].send(Message((firing(),)))
    until(inbox.requests)
    assert len(inbox.requests()) == 1  # the client itself has tried once


def test_a_busy_receiver_says_for_how_long(inbox, kind):
    inbox.behave("busy", retry_after=7)
    with pytest.raises(UndeliveredError) as caught:
        channels(inbox)[kind].send(Message((firing(),)))
    assert caught.value.retry_after == 7


def test_nobody_there_is_to_be_tried_again(kind):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        channel = {
            "webhook": lambda: Webhook(address, "a secret of some length"),
            "slack": lambda: Slack(address),
            "pagerduty": lambda: PagerDuty("key", url=address),
        }[kind]()
        with pytest.raises(UndeliveredError, match="refused"):
            channel.send(Message((firing(),)))


def test_a_receiver_that_will_not_have_it_is_not_asked_again(inbox):
    with pytest.raises(RefusedError, match="the webhook answered 401"):
        Webhook(inbox.webhook_url, "not the inbox's secret").send(Message((firing(),)))
    with pytest.raises(RefusedError, match=r"PagerDuty answered 400.*is not the key of this service"):
        PagerDuty("wrong", url=inbox.pagerduty_url).send(Message((firing(),)))
    with pytest.raises(RefusedError, match="Slack answered 404"):
        Slack(inbox.slack_url + "gone").send(Message((firing(),)))
    assert inbox.messages() == []


@contextmanager
def answering(status, body="", **headers):
    """Serve one answer to whatever comes, and list the bodies that came."""
    bodies = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args):
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", bodies
        finally:
            server.shutdown()
            thread.join(PATIENCE)


def test_a_redirect_is_not_followed(inbox):
    with (
        answering(307, Location=inbox.webhook_url) as (address, _),
        pytest.raises(RefusedError, match="the webhook answered 307"),
    ):
        Webhook(address, inbox.secret).send(Message((firing(),)))
    assert inbox.requests() == []


def test_an_answer_that_is_not_the_services_own_is_no_receipt():
    with answering(200, "welcome") as (address, bodies):
        with pytest.raises(UndeliveredError, match="Slack answered 'welcome' where it says 'ok'"):
            Slack(address).send(Message((firing(),)))
        with pytest.raises(UndeliveredError, match=r"PagerDuty gave no receipt: .*welcome"):
            PagerDuty("key", url=address).send(Message((firing(),)))
        Webhook(address, "a secret of some length").send(Message((firing(),)))  # any receiver of one's own will do
    assert len(bodies) == 3


def test_proxies_of_the_environment_do_not_stand_in_the_way_of_this_machine(inbox, kind, monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    channels(inbox)[kind].send(Message((firing(),)))
    assert len(inbox.messages(kind)) == 1


def test_a_webhook_sent_twice_is_one_message_for_the_receiver(inbox):
    message = Message((firing(region="uk"), firing(region="france")))
    for _ in range(2):
        channels(inbox)["webhook"].send(message)
    assert [one.repeated for one in inbox.requests()] == [False, True]
    (content,) = inbox.messages()
    assert content["id"] == message.id
    assert Message.from_dict(content) == message


def test_a_webhook_whose_answer_was_lost_has_arrived_and_is_known_when_it_comes_again(inbox):
    inbox.behave("hang_up", times=1)
    webhook, message = channels(inbox)["webhook"], Message((firing(),))
    with pytest.raises(UndeliveredError):
        webhook.send(message)
    webhook.send(message)
    assert [one.repeated for one in inbox.requests()] == [False, True]
    assert len(inbox.messages()) == 1


def test_pagerduty_opens_acknowledges_and_closes_one_incident(inbox):
    pager = channels(inbox)["pagerduty"]
    fires = firing(region="uk", runbook="https://example.com/errors")
    said = []
    for message in (
        Message((fires,)),
        Message((replace(fires, repeats=1),)),
        Message((fires,), acknowledged_by="ada"),
        Message((resolved(region="uk"),)),
    ):
        pager.send(message)
        (incident,) = inbox.incidents()
        said.append((incident.key, incident.status, incident.triggers))
    key = "chatbot: errors{region=uk}"
    assert said == [(key, "triggered", 1), (key, "triggered", 2), (key, "acknowledged", 2), (key, "resolved", 2)]
    trigger = inbox.messages()[0]
    assert trigger["links"] == [{"href": "https://example.com/errors", "text": "Runbook"}]
    assert trigger["payload"]["custom_details"]["n"] == 40
    assert trigger["payload"]["timestamp"] == NIGHT.isoformat()


def test_pagerduty_gets_an_event_for_each_alert_of_a_group_and_severities_it_knows(inbox):
    severities = {"uk": Severity.PAGE, "france": Severity.TICKET, "spain": Severity.INFO}
    alerts = tuple(firing(region=region, severity=severity) for region, severity in severities.items())
    channels(inbox)["pagerduty"].send(Message(alerts))
    assert [incident.severity for incident in inbox.incidents()] == ["critical", "warning", "info"]


def test_a_key_too_long_for_pagerduty_still_names_one_incident(inbox):
    pager = channels(inbox)["pagerduty"]
    for end in ("a", "b"):
        pager.send(Message((firing(region="x" * 400 + end),)))
        pager.send(Message((resolved(region="x" * 400 + end),)))
    assert [incident.status for incident in inbox.incidents()] == ["resolved", "resolved"]


def test_slack_shows_no_mention_and_no_link_that_an_alert_smuggles_in(inbox):
    channels(inbox)["slack"].send(Message((firing(region="<!channel> <http://evil|click>"),)))
    (content,) = inbox.messages()
    assert "<" not in content["text"]
    assert "<" not in content["blocks"][1]["text"]["text"]
    assert content["blocks"][0]["text"]["type"] == "plain_text"


def test_a_group_too_large_for_slack_says_how_many_more(inbox):
    channels(inbox)["slack"].send(Message(tuple(firing(region=str(n)) for n in range(100))))
    (content,) = inbox.messages()
    assert len(content["blocks"]) == 22
    assert content["blocks"][-1]["text"]["text"] == "and 80 more"


@given(st.lists(st.text(max_size=4000), min_size=1, max_size=3))
@examples(30)
def test_slacks_limits_hold_whatever_an_alert_says(texts):
    made = blocks(Message(tuple(replace(firing(region=text), text=text) for text in texts)))
    assert len(made[0]["text"]["text"]) <= 150
    assert all(0 < len(block["text"]["text"]) <= 3000 for block in made[1:])


def test_the_log_gets_levels_by_severity_and_ends_as_information(caplog):
    caplog.set_level(logging.INFO, "chatmon.alerts")
    alerts = (firing(), firing(severity=Severity.TICKET), firing(severity=Severity.INFO), resolved())
    Log().send(Message(alerts))
    Log().send(Message((firing(),), acknowledged_by="ada"))
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING", "INFO", "INFO", "ERROR"]
    assert (
        "page, firing, errors: 20 % of 40 turns failed, the limit is 10 % (since 2026-10-05 03:00 UTC)" in caplog.text
    )
    assert "acknowledged by ada" in caplog.records[-1].getMessage()


def test_the_notebook_shows_a_message_and_nothing_of_it_is_markup():
    shown = []
    Notebook(show=shown.append).send(Message((firing(region="<b>"),)))
    assert "Firing: errors{region=<b>}" in repr(shown[0])
    assert "region=&lt;b&gt;" in shown[0]._repr_html_()


@APPRISE_IMPORTS_IMGHDR
def test_what_apprise_cannot_deliver_is_to_be_sent_again():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(UndeliveredError, match="Apprise could not deliver it"):
            Apprise(f"json://127.0.0.1:{unused.getsockname()[1]}/").send(Message((firing(),)))


@APPRISE_IMPORTS_IMGHDR
def test_apprise_brings_a_message_to_what_its_address_names():
    with answering(200) as (address, bodies):
        Apprise(address.replace("http", "json")).send(Message((firing(region="uk"),)))
    assert "errors{region=uk}" in bodies[0]


@APPRISE_IMPORTS_IMGHDR
def test_an_address_that_apprise_does_not_know_is_refused_without_its_secrets():
    with pytest.raises(ValueError, match="no address that begins with 'nonsense'") as caught:
        Apprise("nonsense://user:password@example.com")
    assert "password" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://example.com/hook", "ftp://127.0.0.1/hook", "127.0.0.1:80"])
def test_an_address_that_would_send_alerts_in_clear_is_refused(url):
    for make in (lambda: Webhook(url, "x" * 16), lambda: Slack(url), lambda: PagerDuty("key", url=url)):
        with pytest.raises(ValueError, match=r"give https://, or http:// for 127\.0\.0\.1"):
            make()


def test_a_short_secret_is_refused():
    with pytest.raises(ValueError, match="has 5 characters, give at least 16"):
        Webhook("https://example.com", "short")


@pytest.mark.parametrize(
    ("package", "make", "extra"),
    [
        ("httpx", lambda: Webhook("https://example.com", "x" * 16), "alerts"),
        ("slack_sdk.webhook", lambda: Slack("https://example.com"), "alerts"),
        ("pagerduty", lambda: PagerDuty("key"), "alerts"),
        ("apprise", lambda: Apprise("json://localhost"), "alerts"),
    ],
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(package, make, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"pip install 'chatmon\[{extra}\]'"):
        make()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", 0),
        ("7", 7),
        ("Mon, 05 Oct 2026 03:02:00 GMT", 120),
        ("Mon, 05 Oct 2026 02:00:00 GMT", 0),
        ("soon", 0),
        ("²", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after({"retry-after": value}, NIGHT) == seconds


def test_messages_of_other_content_have_other_ids():
    first, second = firing(region="uk"), firing(region="france")
    messages = [
        Message((first,)),
        Message((second,)),
        Message((first, second)),
        Message((first,), acknowledged_by="ada"),
        Message((first,), acknowledged_by="bob"),
        Message((replace(first, repeats=1),)),
        Message((resolved(region="uk"),)),
    ]
    assert len({message.id for message in messages}) == len(messages)
    assert Message((firing(region="uk"),)).id == messages[0].id


def test_titles_say_what_how_many_and_who():
    uk, france = firing(region="uk"), firing(region="france")
    assert Message((firing(),)).title == "Firing: errors"
    assert Message((uk, france)).title == "Firing: 2 alerts of errors"
    assert Message((uk, resolved(region="spain"))).title == "Firing and resolved: 2 alerts of errors"
    assert Message((uk,), acknowledged_by="ada").title == "Acknowledged by ada: errors{region=uk}"


def test_two_bots_behind_one_integration_have_incidents_of_their_own(inbox):
    shop, bank = (
        PagerDuty(inbox.routing_key, url=inbox.pagerduty_url, source=source) for source in ("shop-bot", "bank-bot")
    )
    for pager in (shop, bank):
        pager.send(Message((firing(),)))
    bank.send(Message((resolved(),)))
    assert sorted((one.key, one.status) for one in inbox.incidents()) == [
        ("bank-bot: errors{}", "resolved"), ("shop-bot: errors{}", "triggered"),
    ]  # fmt: skip
