"""Readers of preference pairs and prompts, on real files and on broken ones."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewardlab.data.dialogues import dialogue as as_text
from rewardlab.data.dialogues import messages, prompt_of
from rewardlab.data.preferences import Pair, read_pairs, split_dialogues
from rewardlab.data.prompts import cut_prompts, read_texts, whole_prompts
from rewardlab.data.rows import read_rows
from rewardlab.running.errors import UserError

REAL = Path(__file__).parents[3] / "shared" / "data"


def real(name):
    path = REAL / name
    if not path.exists():
        pytest.skip(f"the real file {name} is not at {REAL}")
    return path


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def pairs_of(path):
    return list(read_pairs(read_rows([path])))


def dialogue(*turns):
    speakers = ("Human", "Assistant")
    return "".join(f"\n\n{speakers[n % 2]}: {turn}" for n, turn in enumerate(turns))


@pytest.mark.parametrize(
    ("name", "count"),
    [("hh_helpful_base_test.jsonl.gz", 2352), ("hh_harmless_base_test.jsonl.gz", 2312)],
)
def test_real_preferences_none_dropped(name, count):
    path = real(name)
    pairs = pairs_of(path)
    assert len(pairs) == count
    with gzip.open(path, "rt") as lines:
        raw = [json.loads(line) for line in lines]
    for pair, row in zip(pairs, raw, strict=True):
        assert pair.prompt.endswith("\n\nAssistant:")
        # Nothing is lost: prompt and response make the dialogue again, but for one space.
        assert row["chosen"].replace(" ", "") == (pair.prompt + pair.chosen).replace(" ", "")
        assert row["rejected"].replace(" ", "") == (pair.prompt + pair.rejected).replace(" ", "")


def test_real_prompts():
    texts = read_texts(read_rows([real("imdb_train.parquet")]))
    prompts = cut_prompts(texts, str.split, " ".join, 200, 2, 8, seed=0)
    assert len(prompts) == 24_895
    lengths = pd.Series([len(prompt.split()) for prompt in prompts]).value_counts(normalize=True)
    assert sorted(lengths.index) == [2, 3, 4, 5, 6, 7, 8]
    assert lengths.between(0.13, 0.155).all()


def test_real_preferences_with_prompts():
    assert len(pairs_of(real("rewardbench_partial.parquet"))) == 1403


def test_dialogues_split_at_the_last_assistant_turn():
    chosen = dialogue("hi", "hello", "why?", "because")
    rejected = dialogue("hi", "hello", "why?", "who knows")
    prompt = dialogue("hi", "hello", "why?") + "\n\nAssistant:"
    assert split_dialogues(chosen, rejected, "here") == Pair(prompt, "because", "who knows")


def test_a_response_may_contain_a_further_assistant_turn():
    chosen = dialogue("hi") + "\n\nAssistant: one\n\nAssistant: two"
    rejected = dialogue("hi", "three")
    pair = split_dialogues(chosen, rejected, "here")
    assert pair == Pair(dialogue("hi") + "\n\nAssistant:", "one\n\nAssistant: two", "three")


def test_empty_responses_are_kept():
    pair = split_dialogues(dialogue("hi", ""), dialogue("hi", "yes"), "here")
    assert (pair.chosen, pair.rejected) == ("", "yes")


def test_rows_with_prompts_and_chats(tmp_path):
    chat = [{"role": "user", "content": "hi"}]
    path = write(
        tmp_path / "rows.jsonl",
        {"prompt": "p", "chosen": "a", "rejected": "b", "more": 1},
        {
            "chosen": [*chat, {"role": "assistant", "content": "a"}],
            "rejected": [*chat, {"role": "assistant", "content": "b"}],
        },
    )
    assert pairs_of(path) == [
        Pair("p", "a", "b"),
        Pair("\n\nHuman: hi\n\nAssistant:", "a", "b"),
    ]


def test_the_conversational_forms_of_trl(tmp_path):
    """An explicit prompt, as messages, before texts, single messages, or whole chats."""
    asked = message("system", "be kind") + message("user", "hi")
    answers = {"chosen": message("assistant", "a"), "rejected": message("assistant", "b")}
    whole = {name: asked + answer for name, answer in answers.items()}
    path = write(
        tmp_path / "rows.jsonl",
        {"prompt": asked, **answers},
        {"prompt": asked, "chosen": "a", "rejected": "b"},
        {"prompt": asked, **whole},
        {"prompt": "hi", **whole},
        {"prompt": "hi", **answers},
        whole,
    )
    prompt = "\n\nSystem: be kind\n\nHuman: hi\n\nAssistant:"
    expected = [Pair(prompt, "a", "b")] * 6
    expected[4] = Pair("hi", "a", "b")
    assert pairs_of(path) == expected


@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl", "rows.json.gz", "rows.csv"])
def test_a_json_array_and_csv(tmp_path, name):
    rows = [GOOD, GOOD | {"prompt": 'a "quoted"\nline'}]
    path = tmp_path / name
    if name.endswith("csv"):
        pd.DataFrame(rows).to_csv(path, index=False)
    else:
        text = json.dumps(rows, indent=2).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    assert [pair.prompt for pair in pairs_of(path)] == ["p", 'a "quoted"\nline']


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("rows.json", '[{"prompt": "p"},\n 7]', "rows.json, item 1: the field 'chosen' is missing"),
        ("rows.json", "[\n {broken]", "rows.json, line 2: not JSON"),
        ("rows.json", "\n\n[\n {broken]", "rows.json, line 4: not JSON"),
        ("rows.json", '{\n "data": []}', "line 1: not JSON.*one JSON object a line, or a list"),
        ("rows.csv", "prompt,chosen\na,b,c\n", "rows.csv, line 2: 3 values for 2 columns"),
        (
            "rows.csv",
            "prompt,prompt\na,b\n",
            "rows.csv, line 1: the column 'prompt' stands there tw",
        ),
        ("rows.csv", 'prompt,chosen\n"a\nb",c\nd\n', "rows.csv, line 4: 1 values for 2 columns"),
    ],
)
def test_broken_arrays_and_csv_name_the_place(tmp_path, name, text, expected):
    path = tmp_path / name
    path.write_text(text)
    read = (lambda path: list(read_rows([path]))) if name.endswith("csv") else pairs_of
    with pytest.raises(UserError, match=expected):
        read(path)


def test_prompts_as_messages_and_as_texts(tmp_path):
    asked = message("user", "hi")
    path = write(tmp_path / "rows.jsonl", {"prompt": asked}, {"prompt": "p"}, {"text": "t"})
    assert list(read_texts(read_rows([path]))) == ["\n\nHuman: hi\n\nAssistant:", "p", "t"]


def test_a_prompt_waits_for_the_assistants_answer(tmp_path):
    asked = message("user", "hi") + message("assistant", "hello")
    path = write(tmp_path / "rows.jsonl", {"prompt": asked})
    with pytest.raises(UserError, match=r"line 1: prompt: a prompt ends with the user's message"):
        list(read_texts(read_rows([path])))


def test_dialogues_reach_a_chat_template_turn_by_turn():
    turns = [("user", "hi"), ("assistant", "yes"), ("user", "more"), ("assistant", "ok")]
    expected = [{"role": role, "content": content} for role, content in turns]
    text = dialogue("hi", "yes", "more") + "\n\nAssistant:"
    system = {"role": "system", "content": "be kind"}
    for prompt in (text, text.lstrip("\n"), text + " "):
        assert messages(prompt, "ok") == expected
    assert messages("\n\nSystem: be kind" + text, "ok") == [system, *expected]
    assert messages("System: be kind" + text, "ok") == [system, *expected]
    for plain in ("Humans are", "System: it does not start", "", "a\n\nHuman: b"):
        assert messages(plain, "ok")[0] == {"role": "user", "content": plain}


def test_chats_in_parquet(tmp_path):
    chat = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "a"}]
    path = tmp_path / "chats.parquet"
    pd.DataFrame({"chosen": [chat], "rejected": [chat]}).to_parquet(path)
    assert pairs_of(path)[0].chosen == "a"


def message(role, content):
    return [{"role": role, "content": content}]


CHAT = message("user", "hi") + message("assistant", "a")
GOOD = {"prompt": "p", "chosen": "a", "rejected": "b"}
BROKEN = {
    "a missing field": ([GOOD, {"prompt": "p", "chosen": "a"}], "line 2: the field 'rejected'"),
    "no common prompt": (
        [{"chosen": dialogue("hi", "a"), "rejected": dialogue("ho", "b")}],
        "line 1: the two dialogues share no prompt",
    ),
    "diverging before the last human turn": (
        [{"chosen": dialogue("hi", "a", "x", "b"), "rejected": dialogue("hi", "c", "y", "d")}],
        "line 1: the two dialogues share no prompt; they differ before the last 'Human:' turn",
    ),
    "no dialogue": ([{"chosen": "a", "rejected": "b"}], "line 1: the two dialogues share no"),
    "null": ([GOOD | {"chosen": None}], "line 1: the field 'chosen' is null; expected a text or"),
    "a number": ([GOOD | {"chosen": 5}], "line 1: the field 'chosen' is of the kind int; expected"),
    "a null prompt": (
        [{"prompt": None, "chosen": "a", "rejected": "b"}],
        "line 1: the field 'prompt' is null; expected a text or messages",
    ),
    "content in parts": (
        [
            {
                "prompt": [{"role": "user", "content": [{"type": "text"}]}],
                "chosen": "a",
                "rejected": "b",
            }
        ],
        "line 1: prompt, message 1: expected the texts role and content; content is list",
    ),
    "kinds mixed": (
        [{"chosen": "a", "rejected": CHAT}],
        "line 1: of chosen and rejected only chosen is a text",
    ),
    "an empty chat": ([{"chosen": [], "rejected": []}], "line 1: chosen: the list of messages is"),
    "a short chat": (
        [{"chosen": CHAT[1:], "rejected": CHAT[1:]}],
        "line 1: chosen: expected a field 'prompt', or a list of at least two messages",
    ),
    "an unknown role": (
        [{"chosen": [{"role": "tool", "content": "a"}], "rejected": CHAT}],
        "line 1: chosen, message 1: the role is 'tool'; expected user, assistant, system",
    ),
    "a message like a turn": (
        [{"prompt": message("user", "x\n\nHuman: y"), "chosen": "a", "rejected": "b"}],
        "line 1: prompt, message 1: its content has a paragraph that begins with 'Human:'",
    ),
    "half a character": (
        [GOOD | {"chosen": "so \ud83d"}],
        "line 1: the field 'chosen' holds '\\ud83d', half of a character",
    ),
    "a chat without roles": (
        [{"chosen": [{"content": "a"}] * 2, "rejected": [{"content": "a"}] * 2}],
        "line 1: chosen, message 1: expected the texts role and content; role is nothing",
    ),
    "a prompt that is no text": (
        [GOOD | {"prompt": 3}],
        "line 1: the field 'prompt' is of the kind int",
    ),
}


@pytest.mark.parametrize(("rows", "expected"), BROKEN.values(), ids=BROKEN)
def test_broken_rows_stop_with_file_and_line(tmp_path, rows, expected):
    path = write(tmp_path / "rows.jsonl", *rows)
    with pytest.raises(UserError) as error:
        pairs_of(path)
    assert f"{path}, {expected}" in str(error.value)


def test_a_line_that_is_no_json(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(GOOD) + "\n{broken\n")
    with pytest.raises(UserError, match=r"rows\.jsonl, line 2: not JSON"):
        pairs_of(path)


def test_a_line_that_is_no_object(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(GOOD) + "\n[1]\n")
    with pytest.raises(UserError, match="line 2: expected a JSON object, found list"):
        pairs_of(path)


def test_truncated_gzip(tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    rows = "".join(json.dumps(GOOD | {"prompt": str(n)}) + "\n" for n in range(5000))
    whole = gzip.compress(rows.encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"rows\.jsonl\.gz, after line \d+: the gzip data is trunc"):
        pairs_of(path)


def test_no_gzip_at_all(tmp_path):
    path = tmp_path / "rows.jsonl.gz"
    path.write_text("plain")
    with pytest.raises(UserError, match="the gzip data is truncated or broken"):
        pairs_of(path)


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet", "rows.jsonl.gz"])
def test_empty_files(tmp_path, name):
    path = tmp_path / name
    if name.endswith(".parquet"):
        pd.DataFrame({"chosen": [], "rejected": []}).to_parquet(path)
    else:
        path.write_bytes(gzip.compress(b"") if name.endswith(".gz") else b"")
    with pytest.raises(UserError, match="is empty"):
        pairs_of(path)


def test_truncated_parquet(tmp_path):
    path = tmp_path / "rows.parquet"
    pd.DataFrame([GOOD] * 1000).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UserError, match="is no readable parquet file"):
        pairs_of(path)


def test_an_unknown_kind_of_file(tmp_path):
    path = tmp_path / "rows.txt"
    path.write_text("x")
    with pytest.raises(UserError, match=r"is of an unknown kind; expected one of \.jsonl"):
        pairs_of(path)


def test_texts_without_the_field(tmp_path):
    path = write(tmp_path / "rows.jsonl", {"text": "a"}, {"review": "b"})
    with pytest.raises(UserError, match="line 2: the field 'prompt' is missing"):
        list(read_texts(read_rows([path])))


def test_prompts_by_hand():
    texts = ["short", "one two three four five six seven eight nine"]
    prompts = cut_prompts(texts, str.split, " ".join, 10, 3, 3, seed=0)
    assert prompts == ["one two three"]


TURNS = st.text(st.sampled_from("ab :\n\t"), max_size=12)


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), TURNS), min_size=1, max_size=5))
def test_chats_survive_the_way_through_text(turns):
    """Whatever the order of the turns, and with all their spaces."""
    chat = [{"role": role, "content": content} for role, content in [*turns, ("user", "so?")]]
    assert messages(as_text(chat, "here"), "yes") == [*chat, *message("assistant", "yes")]


def test_dialogues_of_other_systems_have_turns():
    expected = [*message("user", "hi"), *message("assistant", "yo"), *message("user", "so?")]
    for text in (
        "Human: hi\r\n\r\nAssistant: yo\r\n\r\nHuman: so?\r\n\r\nAssistant:",
        " Human: hi\n\nAssistant: yo\n\nHuman: so?\n\nAssistant:",
    ):
        prompt = prompt_of({"prompt": text}, "prompt", "here")
        assert messages(prompt, "a") == [*expected, *message("assistant", "a")]
    assert messages("Assistant: a word", "a")[0] == {"role": "user", "content": "Assistant: a word"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"prompt": "a", "prompt": "b"}', "line 1: the field 'prompt' stands twice"),
        ('[{"a": 1, "a": 2}]', "line 1: the field 'a' stands twice"),
        ('{"a": ' + "9" * 5000 + "}", "line 1: cannot be read"),
        ("[" * 100_000, "line 1: cannot be read"),
    ],
)
def test_json_that_cannot_be_taken_at_its_word(tmp_path, text, expected):
    path = tmp_path / "rows.jsonl"
    path.write_text(text)
    with pytest.raises(UserError, match=expected):
        list(read_rows([path]))


def test_empty_prompts_are_said(tmp_path, caplog):
    caplog.set_level("INFO", logger="rewardlab")
    assert whole_prompts(["a", "", "b"], 0) == ["a", "b"]
    assert whole_prompts(["abc", "a"], 2) == ["abc"]
    assert [(line.levelname, line.message) for line in caplog.records] == [
        ("WARNING", "1 of 3 prompts are empty, and are left out"),
        ("INFO", "1 of 2 prompts are of 2 characters or fewer, and are left out"),
    ]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("another", "the prompt is none of the user's messages"),
        (message("user", "another"), "the prompt ends with a message of role 'user' and a chat be"),
    ],
)
def test_a_prompt_that_chats_do_not_repeat_is_refused(tmp_path, prompt, expected):
    whole = {
        name: message("user", "hi") + message("assistant", name) for name in ("chosen", "rejected")
    }
    with pytest.raises(UserError, match=expected):
        pairs_of(write(tmp_path / "rows.jsonl", {"prompt": prompt, **whole}))
