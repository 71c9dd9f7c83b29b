"""Drafts of maps for tables of other countries and other tools: what is certain is written, what is not is asked."""

import tomllib

import pytest

from chatmon import turns as table
from chatmon.importers import draft_map, open_logs


def drafted(tmp_path, text, *, encoding="utf-8"):
    path = tmp_path / "desk.csv"
    path.write_bytes(text.encode(encoding))
    said = draft_map(path)
    return path, said, tomllib.loads(said)


def rows(header, *lines):
    return "\n".join([header, *lines, ""])


def test_a_japanese_table_is_told_by_its_kana_and_read_to_the_yen(tmp_path):
    header = "会話ID,日時,ユーザーID,カテゴリ,応答時間(秒),入力トークン,出力トークン,満足度,費用(円),解決"
    text = rows(
        header,
        'K1,2026/09/01 09:00:00,U1,返品,1.25,"1,200",80,4,2.50,はい',
        "K2,2026/09/01 09:10:00,U2,配送,2.5,900,70,,1.00,いいえ",
    )
    path, said, draft = drafted(tmp_path, text, encoding="cp932")
    assert draft["file"] == {"encoding": "cp932", "thousands": ","}
    assert draft["columns"] | {"cost": None} == {
        "conversation_id": "会話ID", "timestamp": "日時", "user_id": "ユーザーID", "intent": "カテゴリ",
        "response_time": {"column": "応答時間(秒)", "unit": "s"}, "input_tokens": "入力トークン",
        "output_tokens": "出力トークン", "user_satisfaction": "満足度", "cost": None,
        "task_completed": {"column": "解決", "values": {"はい": True, "いいえ": False}},
    }  # fmt: skip
    assert "in JPY?" in said
    with pytest.raises(ValueError, match="its name speaks of JPY"):
        open_logs(path, columns=draft)
    del draft["columns"]["cost"]
    with open_logs(path, columns=draft) as logs:
        found = table.from_frame(logs.frame())
    assert [(one.input_tokens, one.task_completed, one.intent) for one in found] == [
        (1200, True, "返品"),
        (900, False, "配送"),
    ]


def test_a_brazilian_table_is_decoded_and_its_words_for_yes_and_no_are_known(tmp_path):
    header = "Protocolo;Data/Hora;Cliente;Tempo de resposta (s);Custo (R$);Resolvido"
    lines = [f"2026{n};{n + 10}/09/2026 08:00;cli{n};{n},50;0,12;{'Sim' if n % 2 else 'Não'}" for n in range(1, 9)]
    path, _, draft = drafted(tmp_path, rows(header, *lines), encoding="latin-1")
    assert draft["file"] == {"encoding": "cp1252", "decimal": ","}
    assert draft["columns"]["timestamp"] == {"column": "Data/Hora", "format": "%d/%m/%Y %H:%M"}
    assert draft["columns"]["user_id"] == "Cliente"
    assert draft["columns"]["task_completed"]["values"] == {"Sim": True, "Não": False}
    del draft["columns"]["cost"]
    with open_logs(path, columns=draft) as logs:
        assert logs.report.turns == 8
        assert logs.frame()["response_time"].tolist() == [n + 0.5 for n in range(1, 9)]


@pytest.mark.parametrize(("sign", "clock", "layout"), [("/", "08:00", "%H:%M"), ("-", "08:00 PM", "%I:%M %p")])
def test_days_and_months_that_nothing_tells_apart_are_asked_for(tmp_path, sign, clock, layout):
    text = rows("Created time,Group", f"01{sign}09{sign}2026 {clock},A", f"02{sign}09{sign}2026 {clock},B")
    path, said, draft = drafted(tmp_path, text)
    assert "timestamp" not in draft["columns"]
    for order in (f"%d{sign}%m{sign}%Y", f"%m{sign}%d{sign}%Y"):
        assert f'# timestamp = {{ column = "Created time", format = "{order} {layout}" }}' in said
    with pytest.raises(ValueError, match="no timestamp"):
        open_logs(path, columns=draft)


def test_narrow_spaces_between_thousands_are_found(tmp_path):
    text = rows("Date;Durée (ms);Résolu", "2026-09-01 08:00;2\u202f652;Oui", "2026-09-01 09:00;901;Non")
    path, _, draft = drafted(tmp_path, text)
    assert draft["file"] == {"thousands": "\u202f"}
    with open_logs(path, columns=draft) as logs:
        assert logs.frame()["response_time"].tolist() == [2.652, 0.901]


@pytest.mark.parametrize(
    ("name", "unit"), [("First response time (in hrs)", "h"), ("First reply time (min)", "min"), ("latency_ms", "ms")]
)
def test_a_unit_is_told_by_the_name_of_the_column_in_the_draft_and_where_the_map_says_another(tmp_path, name, unit):
    path, _, draft = drafted(tmp_path, rows(f"ts,{name}", "2026-09-01T08:00Z,1.5", "2026-09-01T09:00Z,2.5"))
    assert draft["columns"]["response_time"] == {"column": name, "unit": unit}
    with open_logs(path, columns={"columns": {"timestamp": "ts", "response_time": name}}) as logs:
        assert any(f"speaks of {unit}" in text for text in logs.report.warnings)


def test_a_zone_in_the_name_of_a_column_is_taken(tmp_path):
    _, _, draft = drafted(
        tmp_path, rows("Started at (America/New_York),id", "2026-09-01 07:13,1", "2026-09-01 07:14,2")
    )
    assert draft["columns"]["timestamp"]["zone"] == "America/New_York"


def test_a_time_that_says_utc_needs_no_zone(tmp_path):
    text = rows(
        "request_time,conversation_name", "2026-09-01 07:00:40.000000 UTC,s1", "2026-09-01 07:00:41.000000 UTC,s1"
    )
    path, said, draft = drafted(tmp_path, text)
    assert "name no zone" not in said
    with open_logs(path, columns=draft, tz="Asia/Tokyo") as logs:
        assert f"{logs.frame()['timestamp'].iloc[0]:%H:%M:%S}" == "07:00:40"


def test_a_status_of_tickets_is_no_error(tmp_path):
    lines = [f"2026-09-01T08:0{n}Z,{status}" for n, status in enumerate(("Solved", "Closed", "Open", "Pending") * 2)]
    path, _, draft = drafted(tmp_path, rows("ts,Ticket status", *lines))
    assert "error_type" not in draft["columns"]
    with pytest.raises(
        ValueError, match=r"8 of 8 rows say 'Solved' or 'Closed' or 'Open' or 'Pending': .* ok = ..Solved"
    ):
        open_logs(path, columns={"columns": {"timestamp": "ts", "error_type": "Ticket status"}})


@pytest.mark.parametrize("before", ["Report of the desk\n", "# made 2026-09-30, by hand\n\n"])
def test_lines_before_the_names_of_the_columns_are_found(tmp_path, before):
    lines = [f"2026-09-01T08:0{n}Z,s{n},{n}00" for n in range(5)]
    path, _, draft = drafted(tmp_path, before + rows("Time,Session,Latency (ms)", *lines))
    assert draft["file"]["header"] == before.count("\n") + 1
    with open_logs(path, columns=draft) as logs:
        assert logs.report.turns == 5
