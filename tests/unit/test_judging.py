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

from rewardlab.evaluation.judged import agreement, read_judged
from rewardlab.judging.comparisons import both_orders, judgements, verdict_of
from rewardlab.judging.judges import answers, ask_endpoint
from rewardlab.judging.template import Template, criterion_for, read_template
from rewardlab.judging.verdicts import by_order, together
from rewardlab.rewards.judgements import opponents_of, with_judgements
from rewardlab.running.errors import UserError
from rewardlab.settings.aggregation import CombiningSettings
from rewardlab.settings.data import EndpointSettings
from rewardlab.settings.judging import AskingSettings, JudgeSettings, JudgingSettings
from rewardlab.settings.world import WorldSettings
from rewardlab.stages.judging.draw_choices import draw_choices
from rewardlab.stages.judging.tabulate_verdicts import verdict_shares
from rewardlab.stages.rewards.judge import judge_responses
from rewardlab.stages.rewards.tabulate_judges import agreement_with_labels, tabulate_judges
from rewardlab.world.gold import with_gold

TEMPLATES = Path(__file__).parents[2] / "workflow/templates"
WORLD = WorldSettings(
    dialect={"coverage": "heterogeneous", "share": 0.12, "value": "equal"},
    overall_weights=(1.0, 1.0),
    seed=0,
)


def judging(**options) -> JudgingSettings:
    tuning = {"epochs": 1, "batch_size": 4, "learning_rate": 1e-3}
    plain = {"template": "mine.txt", "criteria": {}, "pairs": 3, "answer_tokens": 2}
    plain |= {"batch_size": 4, "connections": 2, "timeout": 1, "attempts": 1, "tuning": tuning}
    return JudgingSettings(**{**plain, **options})


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("A", "A"),
        ("Verdict: B", "B"),
        ("Both are polite.\nVerdict: tie\n", "tie"),
        ("Verdict:A.", "A"),
        ("It helps.\n\n**Verdict: A**", "A"),
        ("Verdict: **tie**.", "tie"),
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
    assert asked == ["a", "b", "stop", "c"]
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
        assert asking(at, key="secret")(["x"]) == ["Verdict: A 1"]
    path, key, body = seen[0]
    assert (path, key) == ("/v1/chat/completions", "Bearer secret")
    assert body["messages"] == [{"role": "user", "content": "x"}]
    assert (body["model"], body["temperature"]) == ("small", 0)


def test_a_server_is_asked_over_several_connections_and_answers_in_order():
    """No request is answered before all have come."""
    met = threading.Barrier(3, timeout=30)

    def respond(number, body):
        met.wait()
        return 200, completion(body["messages"][0]["content"].upper())

    with server(respond) as (at, _):
        assert asking(at, timeout=60)(["x", "y", "z"]) == ["X", "Y", "Z"]


def test_half_a_character_is_no_verdict_and_no_harm():
    reply = b'{"choices": [{"message": {"content": "\\ud800 bad"}}]}'
    with server(lambda number, body: (200, reply)) as (at, _):
        assert asking(at)(["x"]) == ["? bad"]


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


def test_both_orders_of_a_pair_together_and_property_by_property(tmp_path):
    preferred = np.array([[1.0, 1.0], [1.0, 0.0], [0.5, 1.0], [np.nan, 0.0], [np.nan, np.nan]])
    assert together(preferred).tolist()[:4] == [1.0, 0.5, 0.75, 0.0]
    assert np.isnan(together(preferred)[4])
    pairs = pd.DataFrame({"prompt": ["a", "b"], "first": ["x", "y"], "second": ["z", "z"]})
    files = []
    for name, values in {"helpful": [1.0, 0.5], "harmless": [0.5, np.nan]}.items():
        files.append(tmp_path / f"{name}.parquet")
        pairs.assign(preferred=values).to_parquet(files[-1])
    found = read_judged(files, ["helpful", "harmless"], None)
    assert found["win_judge_all"].tolist()[0] == 0.5
    assert np.isnan(found["win_judge_all"].tolist()[1])
    assert "win_gold_all" not in found


def test_gold_on_the_same_pairs_ties_half(tmp_path):
    better, worse = "first use the kettle , then the work carefully .", "no ."
    pairs = pd.DataFrame(
        {"prompt": ["i want to mend the curtain ?"] * 2, "first": [better] * 2}
    ).assign(second=[worse, better], preferred=[1.0, 0.0])
    pairs.to_parquet(tmp_path / "one.parquet")
    found = read_judged([tmp_path / "one.parquet"], ["helpful"], WORLD)
    gold = with_gold(
        pd.DataFrame({"prompt": pairs.prompt, "response": [better, worse]}), WORLD
    ).gold_helpful
    assert found.win_gold_helpful.tolist() == [float(gold[0] > gold[1]), 0.5]
    assert agreement(found, "helpful") == float(gold[0] > gold[1])  # the tied pair counts not


def test_a_criterion_is_asked_for_by_the_template_alone():
    silent = Template("{question} {answer_a} {answer_b}")
    asking = Template("{question} {answer_a} {answer_b}: which {criterion}?")
    settings = judging(criteria={"helpful": "helps more"})
    assert criterion_for("mine", silent, settings) == ""
    assert criterion_for("helpful", asking, settings) == "helps more"
    with pytest.raises(UserError, match=r"judging\.criteria has no text for 'mine'"):
        criterion_for("mine", asking, settings)
    with pytest.raises(UserError, match=r"is to ask which answer is better in mine, but has no"):
        criterion_for("mine", silent, settings, needed=True)
    pairs = pd.DataFrame({"prompt": ["p"], "first": ["x"], "second": ["y"]})
    assert both_orders(pairs, asking, "helps more") == [
        "p x y: which helps more?",
        "p y x: which helps more?",
    ]


def longer_is_better(number, body):
    """A server's reply by length; it says nothing of answers that are shrugs."""
    first, second = body["messages"][0]["content"].split(" | ")[1:]
    better = "A" if len(first) > len(second) else "B"
    return 200, completion("hm" if "shrug" in first + second else f"Verdict: {better}")


def judge_in_words(folder, at, template="{question} {criterion} | {answer_a} | {answer_b}"):
    (folder / "judge.txt").write_text(template)
    settings = judging(template=str(folder / "judge.txt"), criteria={"helpful": "is longer"})
    endpoint = EndpointSettings(endpoint=at, model="long")
    cache = str(folder / "answers")
    asking = AskingSettings(settings=settings, endpoint=endpoint, is_tuned=False, cache=cache)
    return JudgeSettings(asking=asking)


def test_a_response_is_worth_how_far_it_is_preferred_to_the_base_models(tmp_path):
    """1 and 0, a half against itself or without a verdict."""
    responses = ["longest of all", "no", "a middle", "shrug"]
    table = pd.DataFrame({"prompt": ["p", "p", "p", "q"], "response": responses})
    base = pd.DataFrame({"prompt": ["q", "p"], "response": ["other", "a middle"]})
    table.to_parquet(tmp_path / "responses.parquet")
    base.to_parquet(tmp_path / "base.parquet")
    with server(longer_is_better) as (at, seen):
        judge_responses(
            responses=tmp_path / "responses.parquet",
            scores=tmp_path / "judged.parquet",
            state=tmp_path / "state",
            judge=judge_in_words(tmp_path, at),
            properties=["helpful"],
            opponents=[tmp_path / "base.parquet"],
        )
    judged = pd.read_parquet(tmp_path / "judged.parquet")
    assert judged.gold_helpful.tolist() == [1.0, 0.0, 0.5, 0.5]
    assert judged[["prompt", "response"]].equals(table)
    assert len(seen) == 6  # both orders of three pairs: none is asked of itself
    assert "is longer" in seen[0][2]["messages"][0]["content"]


def test_every_property_is_judged_by_its_own_model_on_every_row(tmp_path, monkeypatch):
    """Rows that are alike are asked of once, and told of each."""
    asked = []

    def preferred_by(judge):
        def ask(requests):
            asked.extend(requests)
            places = [request.split(" | ")[1:] for request in requests]
            longer = ["AB"[len(second) > len(first)] for first, second in places]
            other = {"A": "B", "B": "A"}
            said = longer if judge.stem == "first" else [other[place] for place in longer]
            return [f"Verdict: {place}" for place in said]

        return ask

    monkeypatch.setattr(
        "rewardlab.judging.verdicts.ask_model", lambda folder, _: preferred_by(folder)
    )
    monkeypatch.setattr("rewardlab.judging.verdicts.open_artefact", lambda manifest: manifest)
    judge = judge_in_words(tmp_path, "http://nowhere")
    settings = judge.asking.settings.model_copy(
        update={"criteria": {"helpful": "is longer", "harmless": "is kinder"}, "batch_size": 1}
    )
    asking = judge.asking.model_copy(update={"endpoint": None, "settings": settings})
    models = [tmp_path / "first", tmp_path / "second"]
    for model in models:
        model.write_text(model.name)
    table = pd.DataFrame({"prompt": list("pqpp"), "response": ["a", "longest", "a", "base"]})
    others = pd.Series(["base"] * 4)
    sets = ["helpful", "harmless"]
    by_word = JudgeSettings(asking=asking)
    found = with_judgements(table, sets, by_word, models, tmp_path, others)
    assert found.gold_helpful.tolist() == [0.0, 1.0, 0.0, 0.5]  # the longer one
    assert found.gold_harmless.tolist() == [1.0, 0.0, 1.0, 0.5]  # the shorter one
    assert len(asked) == len(set(asked)) == 2 * 2 * 2  # properties, distinct pairs, orders
    assert sum("is kinder" in request for request in asked) == 4


def test_the_silence_of_one_order_leaves_it_to_the_other(tmp_path):
    """And rows keep their own answers, in any order and number."""

    def respond(number, body):
        first = body["messages"][0]["content"].split(" | ")[1]
        if first == "base":
            return 200, completion("hm")
        return 200, completion("Verdict: A" if first == "good" else "Verdict: B")

    rows = ["bad", "good", "bad", "base", "good"]
    table = pd.DataFrame({"prompt": ["p"] * 5, "response": rows})
    with server(respond) as (at, seen):
        judge = judge_in_words(tmp_path, at)
        found = with_judgements(table, ["helpful"], judge, [], tmp_path, pd.Series(["base"] * 5))
    assert found.gold_helpful.tolist() == [0.0, 1.0, 0.0, 0.5, 1.0]
    assert len(seen) == 4


def test_how_often_judges_agree_is_tabulated(tmp_path):
    """By gold: the better one is the chosen one, but where they tie; in words: of some pairs."""
    better, worse = "first use the kettle , then the work carefully .", "no ."
    pairs = pd.DataFrame({"prompt": ["i want to mend the curtain ?"] * 4})
    pairs = pairs.assign(
        chosen=[better, better, worse, better], rejected=[worse, worse, better, better]
    )
    gold = with_gold(pairs.assign(response=pairs.chosen), WORLD).gold_helpful
    other = with_gold(pairs.assign(response=pairs.rejected), WORLD).gold_helpful
    found = agreement_with_labels(
        pairs, "helpful", JudgeSettings(world=WORLD), [], tmp_path / "state"
    )
    assert found.tolist() == ((np.sign(gold - other) + 1) / 2).tolist()
    assert found[3] == 0.5
    assert set(found[:3]) == {0.0, 1.0}

    pairs = pairs.assign(split="evaluation", chosen=[better, worse, better, worse])
    pairs = pairs.assign(rejected=[worse, better, worse, better])
    pairs.to_parquet(tmp_path / "pairs.parquet")
    with server(longer_is_better) as (at, seen):
        judge = judge_in_words(tmp_path, at)
        few = judge.asking.settings.model_copy(update={"pairs": 1})
        judge = JudgeSettings(asking=judge.asking.model_copy(update={"settings": few}))
        tabulate_judges(
            preferences=[tmp_path / "pairs.parquet"],
            table=tmp_path / "table.csv",
            findings=tmp_path / "table.rst",
            state=tmp_path / "state",
            names=["helpful"],
            judge=judge,
        )
    assert len(seen) == 2
    assert pd.read_csv(tmp_path / "table.csv").value.tolist() == [1.0]


def test_a_prompt_without_a_response_of_the_base_is_named():
    table = pd.DataFrame({"prompt": ["p", "q", "p"], "response": ["a", "b", "c"]})
    base = pd.DataFrame({"prompt": ["q", "p"], "response": ["of q", "of p"]})
    assert opponents_of(table, base).tolist() == ["of p", "of q", "of p"]
    with pytest.raises(UserError, match=r"no response of the base model to 'q' to compare with"):
        opponents_of(table, base[base.prompt.eq("p")])


def test_a_judge_that_never_gives_a_verdict_judges_nothing(tmp_path):
    table = pd.DataFrame({"prompt": ["p"], "response": ["shrug"]})
    with server(longer_is_better) as (at, _):
        judge = judge_in_words(tmp_path, at)
        with pytest.raises(UserError, match=r"no verdict on any of 1 pairs .*answer_tokens\)"):
            with_judgements(table, ["helpful"], judge, [], tmp_path, pd.Series(["other"]))


def test_how_often_a_judge_in_words_agrees_with_labels(tmp_path):
    """Chosen against rejected, each pair in both orders: right, wrong, and a tie of no verdict."""
    pairs = pd.DataFrame(
        {
            "prompt": ["p", "q", "r"],
            "chosen": ["long one", "b", "c"],
            "rejected": ["a", "bb", "shrug"],
        }
    )
    with server(longer_is_better) as (at, seen):
        found = agreement_with_labels(
            pairs, "helpful", judge_in_words(tmp_path, at), [], tmp_path / "state"
        )
    assert found.tolist() == [1.0, 0.0, 0.5]
    assert len(seen) == 6


def test_choices_are_drawn_alike_for_every_method(tmp_path):
    rng = np.random.default_rng(0)
    prompts, size = 6, 9
    pool = pd.DataFrame(
        {
            "prompt_id": np.repeat(np.arange(prompts), size),
            "response_id": np.tile(np.arange(size), prompts),
            "helpful": rng.normal(size=prompts * size),
            "harmless": rng.normal(size=prompts * size),
        }
    )
    pool.to_parquet(tmp_path / "pool.parquet")
    texts = pool.assign(prompt=pool.prompt_id.map(str), response=pool.helpful.map(repr))
    texts.to_parquet(tmp_path / "texts.parquet")
    settings = CombiningSettings(rewards=["helpful", "harmless"], k=[8], references=[], judges=[])
    files = (tmp_path / "pool.parquet", tmp_path / "texts.parquet", tmp_path / "pairs.parquet")
    draw_choices(*files, settings, 8, 3)
    pairs = pd.read_parquet(files[2])
    assert pairs.groupby("prompt_id").second.nunique().eq(1).all()
    assert (pairs["first"] != pairs.second).all()  # never the same response
    by_sum = pairs[pairs.method.eq("sum")].set_index("prompt_id")
    for prompt, rows in pool.groupby("prompt_id"):
        left = rows[rows.helpful.map(repr).ne(by_sum.second[prompt])]
        best = left.loc[(left.helpful + left.harmless).idxmax()]
        assert float(by_sum["first"][prompt]) == best.helpful
