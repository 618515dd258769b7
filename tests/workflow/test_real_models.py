"""Policies on text of one's own, without gold: a language model trained here, a judge, a BERT
trunk.

A reduced sibling of tests/offline.yaml, on reviews that are written for the test.
"""

import json
import random
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pandas as pd
import torch
import yaml
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

GOOD = ["great", "lovely", "wonderful", "moving", "brilliant", "fine"]
BAD = ["awful", "dull", "boring", "terrible", "weak", "poor"]
NOUNS = ["film", "movie", "plot", "acting", "scene", "story", "cast", "ending"]
OVERLAY = {
    "data": {
        "language_model": {
            "pretrain_on": {"path": "texts/train.jsonl"},
            "vocabulary": 400,
            "positions": 64,
            "layers": 1,
            "width": 32,
            "heads": 2,
            "texts": 400,
            "steps": 30,
            "batch_size": 16,
            "learning_rate": 3e-3,
        },
        "fine_tuning": {
            "sources": {"helpful": {"path": "texts/helpful.jsonl"}},
            "epochs": 1,
            "batch_size": 16,
            "learning_rate": 1e-4,
            "max_length": 48,
            "limit": 64,
        },
        "reward_trunk": {"path": "texts/trunk"},
        "preferences": {
            "helpful": {"path": "texts/helpful.jsonl"},
            "harmless": {"path": "texts/harmless.jsonl"},
            "positive": {"path": "texts/train.jsonl", "labels": {"words": 12}},
        },
        "prompts": {
            "reviews": {
                "source": {"path": "texts/train.jsonl"},
                "evaluation": {"path": "texts/test.jsonl"},
                "shortest": 2,
                "longest": 8,
            }
        },
        "splits": {"evaluation": 0.2, "judge": 0.3},
    },
    "rewards": {"sets": ["positive"], "shown": "positive", "max_length": 48},
    "aggregation": {"pool": {"prompts": "reviews"}},
    "policies": {
        "judge": "reward_model",
        "preferences": "positive",
        "prompts": "reviews",
        "chosen_pairs": None,
    },
}
TARGETS = ("uncertainty_fig7", "aggregation_judge", "transforming_utility")


def review(rng: random.Random, good: bool) -> str:
    words, feeling = (GOOD, "loved") if good else (BAD, "hated")
    return " ".join(
        f"the {rng.choice(NOUNS)} was {rng.choice(words)} , i {feeling} the {rng.choice(NOUNS)} ."
        for _ in range(rng.randint(3, 5))
    )


def write_texts(folder) -> None:
    """Reviews with labels, dialogues with preferences, and a tiny BERT."""
    rng = random.Random(0)
    folder.mkdir()
    for name, count in (("train", 400), ("test", 100)):
        rows = [{"text": review(rng, bool(at % 2)), "label": at % 2} for at in range(count)]
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    for name in ("helpful", "harmless"):
        rows = []
        for at in range(200):
            prompt = f"\n\nHuman: what about the {rng.choice(NOUNS)} {at} ?\n\nAssistant: "
            sides = {"chosen": True, "rejected": False}
            rows.append({side: prompt + review(rng, good)[:60] for side, good in sides.items()})
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    texts = [review(rng, True), review(rng, False)] * 20
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=special)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token"), special, strict=True))
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **names)
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = BertConfig(
        vocab_size=len(fast), intermediate_size=64, max_position_embeddings=64, **sizes
    )
    BertModel(config).save_pretrained(folder / "trunk")
    fast.save_pretrained(folder / "trunk")


def test_policies_on_text_of_ones_own_judged_by_a_model(checkout):
    write_texts(checkout.path("texts"))
    checkout.path("mine.yaml").write_text(yaml.safe_dump(OVERLAY))
    run = checkout.run(
        *TARGETS, "--configfile", "tests/test.yaml", "mine.yaml", scale="--keep-going"
    )
    assert run.code == 0, run.text[-4000:]
    assert {"pretrain_language_model", "tune_language_model", "train_judge_model"} <= run.rules
    assert "score_by_gold" not in run.rules
    tables = checkout.path("results/test/tables")
    learned = pd.read_csv(tables / "data/pretraining.csv").set_index("model")
    assert learned.perplexity.gt(1).all()
    judged = pd.read_csv(tables / "aggregation/judge.csv")
    assert set(judged.scored_by) == {"rewards", "judges"}
    policies = pd.read_csv(checkout.path("results/test/policies/fig7.csv"))
    assert policies.judged.notna().all()
    prompts = pd.read_parquet(checkout.path("results/test/prompts/reviews.parquet"))
    assert prompts.split.value_counts().to_dict() == {"train": 400, "evaluation": 100}
    then_by_a_judge_in_words(checkout)


def then_by_a_judge_in_words(checkout):
    """The same policies, not trained again, by a server that counts kind words."""
    files = ("--configfile", "tests/test.yaml", "mine.yaml", "words.yaml")
    with counting_server() as at:
        words = {
            "data": {"judge": {"endpoint": at, "model": "counts"}},
            "judging": {
                "template": "workflow/templates/judge.txt",
                "criteria": {"positive": "likes the film more"},
            },
            "policies": {"judge": "generative"},
        }
        checkout.path("words.yaml").write_text(yaml.safe_dump(words))
        targets = ("uncertainty_fig7", "rewards_judges", "aggregation_in_words")
        run = checkout.run(*targets, *files, scale="--keep-going")
    assert run.code == 0, run.text[-4000:]
    assert {"sample_opponents", "judge_batch", "judge_drawn", "tabulate_judges"} <= run.rules
    assert not {"train_policies", "train_reward_model", "judge_responses"} & run.rules
    policies = pd.read_csv(checkout.path("results/test/policies/fig7.csv"))
    assert policies.judged.between(0, 1).all()
    base = pd.read_parquet(checkout.path("results/test/responses/opponents.parquet"))
    base = base.set_index("prompt").response
    for file in checkout.path("results/test/policies/fig7").rglob("judged.parquet"):
        table = pd.read_parquet(file)
        lead = table.response.map(kindness) - table.prompt.map(base).map(kindness)
        assert (table.gold_positive == (lead.clip(-1, 1) + 1) / 2).all()
    judges = pd.read_csv(checkout.path("results/test/tables/rewards/judges.csv")).set_index("name")
    assert judges.value["positive"] > 0.9
    refused = checkout.run("-n", "transforming_win_rate", *files, scale="--quiet")
    assert refused.code == 1
    assert "transforming_in_words has the win rates by it" in refused.text


def kindness(text: str) -> int:
    words = text.split()
    return sum(word in GOOD for word in words) - sum(word in BAD for word in words)


@contextmanager
def counting_server():
    """A judge on loopback, which prefers the answer with more kind words."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked = body["messages"][0]["content"]
            answers = re.search(
                r"Answer A:\n(.*)\n\nAnswer B:\n(.*)\n\nReply with", asked, re.DOTALL
            )
            first, second = map(kindness, answers.groups())
            said = "tie" if first == second else "A" if first > second else "B"
            reply = {"choices": [{"message": {"content": f"**Verdict: {said}**"}}]}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(reply).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()


def test_what_cannot_be_judged_is_said_before_anything_runs(checkout):
    for settings, said in (
        ({"policies": {"judge": "classifier", "chosen_pairs": None}}, "data.classifier is null"),
        ({"policies": {"judge": "reward_model", "chosen_pairs": None}}, "data.splits.judge is 0"),
        (
            {"data": {"splits": {"judge": 0.2}}, "policies": {"judge": "reward_model"}},
            "expected null, the pairs of policies.ensemble",
        ),
        (
            {
                "data": {"language_model": {"path": "."}},
                "policies": {"judge": "generative", "chosen_pairs": None},
            },
            "data.judge is embedded",
        ),
        ({"data": {"trunks": {"mine": {"path": "x"}}}}, "data.trunks names 'mine'"),
    ):
        checkout.path("mine.yaml").write_text(yaml.safe_dump(settings))
        run = checkout.run("-n", "uncertainty_fig7", "--configfile", "mine.yaml", scale="--quiet")
        assert run.code == 1
        assert said in run.text
        assert "Traceback" not in run.text
