"""A judge in words: templates, verdicts, the answers that are kept, and servers that fail."""

import json
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rewardlab.judging.comparisons import (
    Template,
    both_orders,
    judgements,
    read_template,
    verdict_of,
)
from rewardlab.judging.judges import answers, ask_endpoint
from rewardlab.running.errors import UserError
from rewardlab.stages.judging.tabulate_verdicts import by_order, together, verdict_shares

TEMPLATES = Path(__file__).parents[2] / "workflow/templates"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("A", "A"),
        ("Verdict: B", "B"),
        ("Both are polite.\nVerdict: tie\n", "tie"),
        ("Verdict:A.", "A"),
        ("A is better", None),
        ("Verdict: A or B", None),
        ("a", None),
        ("C", None),
        ("", None),
        ("Verdict: A\nbut I am not sure", None),
    ],
)
def test_verdicts_are_read_strictly(answer, verdict):
    assert verdict_of(answer) == verdict


def test_texts_may_contain_placeholders_and_braces():
    template = Template("{question} | {answer_a} | {answer_b}")
    assert template.filled("{answer_a}?", "{x}", "{question}") == "{answer_a}? | {x} | {question}"


def test_a_template_without_a_placeholder(tmp_path):
    file = tmp_path / "judge.txt"
    file.write_text("{question} A: {answer_a}")
    with pytest.raises(UserError, match=r"judge.txt lacks \{answer_b\}; expected a template with"):
        read_template(file)
    for shipped in sorted(TEMPLATES.glob("*.txt")):
        read_template(shipped)


def test_both_orders_and_what_becomes_of_them():
    pairs = pd.DataFrame({"prompt": ["p", "q"], "first": ["a", "c"], "second": ["b", "d"]})
    asked = both_orders(pairs, Template("{question} {answer_a} {answer_b}"))
    assert asked == ["p a b", "q c d", "p b a", "q d c"]
    table = judgements([0, 1], ["A", "A", "B", "what?"])
    preferred = by_order(table)
    assert preferred[0].tolist() == [1.0, 1.0]
    assert preferred[1, 0] == 1.0
    assert np.isnan(preferred[1, 1])
    assert together(preferred).tolist() == [1.0, 1.0]
    assert np.isnan(together(np.array([[np.nan, np.nan]])))[0]


def test_shares_of_verdicts_add_up():
    preferred = np.array(
        [[1, 1], [0, 0], [1, 0], [0, 1], [0.5, 1], [np.nan, 1], [np.nan, np.nan], [0.5, 0.5]]
    )
    found = verdict_shares(preferred)
    assert {name: int(part.sum()) for name, part in found.items()} == {
        "same verdict": 2,
        "first place twice": 1,
        "second place twice": 1,
        "a tie": 2,
        "no verdict": 2,
    }


def test_no_request_is_asked_twice(tmp_path):
    asked = []

    def ask(requests):
        asked.extend(requests)
        if "stop" in requests:
            raise KeyboardInterrupt
        return [text.upper() for text in requests]

    with pytest.raises(KeyboardInterrupt):
        answers(ask, "judge", ["a", "b", "stop"], 1, tmp_path)
    assert answers(ask, "judge", ["b", "c", "c", "a"], 2, tmp_path) == ["B", "C", "C", "A"]
    assert asked == ["a", "b", "stop", "c", "c"]
    damaged = next(tmp_path.rglob("*.json"))
    damaged.write_text('{"ans')
    assert answers(ask, "judge", ["a", "b", "c"], 1, tmp_path) == ["A", "B", "C"]
    answers(ask, "another judge", ["a"], 1, tmp_path)
    assert asked[-1] == "a"


@contextmanager
def server(respond):
    """A server on loopback; respond: from the number of the request to status and body."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append((self.path, self.headers.get("Authorization"), body))
            status, reply = respond(len(seen), body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *args):
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{found.server_port}/v1", seen
    finally:
        found.shutdown()
        found.server_close()


def completion(text):
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


def asking(endpoint, timeout=5.0, attempts=2, key=None):
    return ask_endpoint(endpoint, "small", 8, timeout, attempts, key)


def test_a_server_is_asked_in_its_protocol():
    with server(lambda number, body: (200, completion(f"Verdict: A {number}"))) as (at, seen):
        assert asking(at, key="secret")(["x", "y"]) == ["Verdict: A 1", "Verdict: A 2"]
    path, key, body = seen[0]
    assert (path, key) == ("/v1/chat/completions", "Bearer secret")
    assert body["messages"] == [{"role": "user", "content": "x"}]
    assert (body["model"], body["temperature"]) == ("small", 0)


def test_a_completion_without_a_text_has_no_verdict():
    reply = b'{"choices": [{"message": {"content": null}}]}'
    with server(lambda number, body: (200, reply)) as (at, _):
        assert asking(at)(["x"]) == [""]


def test_a_server_that_recovers_is_asked_again(monkeypatch):
    monkeypatch.setattr("rewardlab.judging.judges.time.sleep", lambda seconds: None)
    replies = {1: (503, b"busy"), 2: (200, completion("B"))}
    with server(lambda number, body: replies[number]) as (at, seen):
        assert asking(at)(["x"]) == ["B"]
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("status", "reply", "said"),
    [
        (500, b"", r"answers with status 500 \(Internal Server Error\), 2 attempts allowed"),
        (401, b"", r"answers with status 401 \(Unauthorized\)"),
        (404, b"no model\n small", r"answers with status 404 \(no model small\)"),
        (200, b"hello", "answers 'hello'; expected a chat completion"),
        (200, b'{"choices": []}', "expected a chat completion"),
        (200, b'{"choices": [{"message": {"content": 3}}]}', "expected a chat completion"),
    ],
)
def test_a_server_that_refuses_or_answers_nonsense(monkeypatch, status, reply, said):
    monkeypatch.setattr("rewardlab.judging.judges.time.sleep", lambda seconds: None)
    with (
        server(lambda number, body: (status, reply)) as (at, _),
        pytest.raises(UserError, match=said),
    ):
        asking(at)(["x"])


def test_a_server_that_is_down_or_slow(monkeypatch):
    monkeypatch.setattr("rewardlab.judging.judges.time.sleep", lambda seconds: None)
    with server(lambda number, body: (200, completion("A"))) as (at, _):
        pass
    with pytest.raises(UserError, match=r"cannot be reached \(.*refused.*is kept, and is not"):
        asking(at)(["x"])
    waiting = threading.Event()

    def slow(number, body):
        waiting.wait(3)
        return 200, completion("A")

    with server(slow) as (at, _):
        with pytest.raises(UserError, match=r"has not answered in 0.2 seconds \(judging.timeout\)"):
            asking(at, timeout=0.2, attempts=1)(["x"])
        waiting.set()


def test_a_server_that_speaks_no_http():
    listening = socket.create_server(("127.0.0.1", 0))

    def reply():
        connection, _ = listening.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"hello\r\n\r\n")

    threading.Thread(target=reply, daemon=True).start()
    at = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    with listening, pytest.raises(UserError, match=r"answers with what is no HTTP \(BadStatusLine"):
        asking(at, attempts=1)(["x"])
