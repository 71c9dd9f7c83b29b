"""A data folder with a user in every form there is: what erasing them is tried on."""

import csv
import gzip
import json
import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pyarrow.parquet as pq

from chatmon.alerts.channels._message import Message
from chatmon.alerts.live._file import File
from chatmon.alerts.live._spool import Delivery, Spool
from chatmon.alerts.notification import Notification, Severity, Status
from chatmon.lab.services.langsmith import _feedback as feedback
from chatmon.lab.services.langsmith import _ingest as ingest
from chatmon.lab.services.langsmith import _store as langsmith
from chatmon.store import Store
from chatmon.store.compaction import compact
from chatmon.store.privacy import Pseudonyms
from chatmon.turns import COLUMNS, Turn, to_arrow, write_jsonl

START = datetime(2026, 10, 5, 9, tzinfo=UTC)
ADA, EMAIL = "customer-ada-1815", "ada.lovelace@example.org"
OLD, NEW = bytes(32), bytes(range(32))
PSEUDONYMS = Pseudonyms(NEW, OLD)
ADAS_WORDS = ("difference engine", 'Zürich is "lovely"', "brass cogs")
"""Parts of what only Ada said or was told."""
COMMON = "You are welcome, and have a nice day."


def turns(user, number, *, day=0):
    """Six turns of a user in two conversations; what they say is theirs, but for a phrase that all are answered."""
    words = ADAS_WORDS if user in (ADA, *PSEUDONYMS.all_of(ADA)) else ("parcel", "invoice", "password")
    for at in range(6):
        yield Turn(
            turn_id=str(UUID(int=number * 1000 + day * 100 + at)),
            conversation_id=f"conversation-{number}-{day}-{at // 3}",
            user_id=user,
            timestamp=START + timedelta(days=day, minutes=at),
            response_time=0.5 + at,
            input_tokens=100 + at,
            output_tokens=10,
            cost=Decimal("0.001") * (at + 1),
            intent="billing",
            error_type="TimeoutError" if at == 5 else None,
            error_message=f"no reply about the {words[0]}" if at == 5 else None,
            attributes={"note": f"likes the {words[2]}", "plan": "pro"},
            question=f"Question {at} of {number}: where is my {words[at % 3]}?",
            answer=COMMON if at == 0 else f"Your {words[at % 3]} is on its way, {number}.",
        )


def write_csv(some, path):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for turn in some:
            row = {name: getattr(turn, name) for name in COLUMNS}
            writer.writerow(row | {"timestamp": turn.timestamp.isoformat(), "attributes": json.dumps(turn.attributes)})


def a_trace(number, user, conversation, words, project="desk"):
    root, call = str(UUID(int=number)), str(UUID(int=number + 1))
    stamp = "20261005T090000000000Z"
    metadata = {"user_id": user, "thread_id": conversation, "intent": "billing"}
    usage = {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110}
    return [
        {"id": root, "trace_id": root, "dotted_order": stamp + root, "name": "desk", "run_type": "chain",
         "session_name": project, "start_time": "2026-10-05T09:00:00", "end_time": "2026-10-05T09:00:02",
         "inputs": {"question": f"tell me of {words}"}, "outputs": {"answer": f"all about {words}"},
         "error": f"failed at {words}", "tags": [user], "extra": {"metadata": metadata}},
        {"id": call, "trace_id": root, "parent_run_id": root, "dotted_order": f"{stamp}{root}.{stamp}{call}",
         "name": "model", "run_type": "llm", "start_time": "2026-10-05T09:00:00", "end_time": "2026-10-05T09:00:01",
         "inputs": {"messages": [{"content": f"tell me of {words}"}]}, "outputs": {"usage_metadata": usage},
         "extra": {"metadata": {"ls_model_name": "gpt-4.1-mini", "ls_provider": "openai"}}},
    ]  # fmt: skip


def make_langsmith(path):
    """A LangSmith with Ada's trace and another's, not closed in order: its log is as a kill would leave it."""
    store = langsmith.RunStore(path)
    traces = [
        *a_trace(100, ADA, "thread-of-ada", "difference engine"),
        *a_trace(200, "customer-bob", "thread-of-bob", f"whatever {EMAIL} wrote"),
    ]
    with store.writing() as connection:
        ingest.write(connection, ingest.from_json({"post": traces}))
        feedback.write(
            connection, [{"run_id": str(UUID(int=100)), "key": "stars", "score": 2, "comment": "my brass cogs!"}]
        )
        connection.execute("INSERT INTO datasets VALUES ('x', 'x', 0, ?)", [f"{ADA} asked of brass cogs" * 20_000])
    with store.writing() as connection:  # what a row leaves in free pages
        connection.execute("DELETE FROM datasets")
    for ending in ("", "-wal"):
        shutil.copy(f"{path}{ending}", f"{path}.copy{ending}")
    store.close()
    for ending in ("", "-wal"):
        Path(f"{path}.copy{ending}").replace(f"{path}{ending}")
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)


def make_outbox(path):
    spool = Spool(File(path))
    said = Notification(
        rule="complaints", severity=Severity.PAGE, status=Status.FIRING, started_at=START, at=START, value=3.0,
        limit=2.0, n=9, text=f"complaint of {EMAIL} ({ADA})",
    )  # fmt: skip
    spool.put([Delivery("mail", "complaints", Message((said,)))], {"last": f"about {ADA}"}, 0.0)
    spool.mark(1, "dead", 3, 0.0, problem=f"no such person: {EMAIL}")
    spool.file.close()


def make(folder):
    """Ada under her id and two pseudonyms, Bob and Eve, in lines, Parquet, gzip, CSV, a LangSmith and an outbox."""
    with Store(folder) as store:
        for day in range(2):
            for number, user in ((1, PSEUDONYMS.of(ADA)), (2, PSEUDONYMS.of("customer-bob"))):
                for turn in turns(user, number, day=day):
                    store.append(turn)
    compact(folder, grace=0)
    with Store(folder) as store:
        for number, user in ((1, PSEUDONYMS.of(ADA)), (3, PSEUDONYMS.of("customer-eve"))):
            for turn in turns(user, number, day=2):
                store.append(turn)
    old = Pseudonyms(OLD)
    exports = folder / "exports"
    exports.mkdir()
    write_jsonl([*turns(old.of(ADA), 4, day=3), *turns(old.of("customer-bob"), 5, day=3)], exports / "old.jsonl")
    (exports / "old.jsonl.gz").write_bytes(gzip.compress((exports / "old.jsonl").read_bytes()))
    (exports / "old.jsonl").unlink()
    write_csv([*turns(ADA, 6, day=4), *turns("customer-bob", 7, day=4)], exports / "table.csv")
    pq.write_table(to_arrow([*turns(ADA, 8, day=5), *turns("customer-eve", 9, day=5)]), exports / "raw.parquet")
    make_langsmith(folder / "langsmith.db")
    make_outbox(folder / "outbox.db")
    (folder / "backup").mkdir()
    (folder / "backup" / "monday.jsonl").write_text(f"{ADA}\n", encoding="utf-8")
    return folder
