from chatmon.live.monitor import ChatMonitor
from chatmon.store import Store


def test_ratings_that_came_later_are_no_turns(tmp_path):
    monitor = ChatMonitor(capture_content=True)
    with Store(tmp_path) as store:
        store.attach(monitor)
        for number in range(3):
            with monitor.track(f"c{number}") as turn:
                turn.set(question='what is "rated_at":"now" and {"conversation_id":1}?')
            store.flush()
            if number < 2:
                monitor.rate(turn.turn_id, 4)
        store.flush()
        found = store.status()
    assert (found.written, found.ratings, found.buffered) == (3, 2, 0)
    assert ("written", "3 turns, 2 ratings") in found.rows()


def test_without_ratings_nothing_is_said_of_them(tmp_path):
    monitor = ChatMonitor()
    with Store(tmp_path) as store:
        store.attach(monitor)
        with monitor.track("c1"):
            pass
        store.flush()
        assert ("written", "1 turns") in store.status().rows()
