"""Splits of the data, tables of pairs, benchmarks, and the baselines on held-out pairs."""

import numpy as np
import pandas as pd
import pytest

from rewardlab.data.pairs_table import both_sides, pairs_of_split
from rewardlab.data.splits import splits_of
from rewardlab.evaluation.baselines import bag_of_words_margins, longer_is_better
from rewardlab.running.errors import UserError
from rewardlab.settings.data import SplitSettings
from rewardlab.stages.data.read_benchmark import read_benchmark
from rewardlab.world import lexicon
from rewardlab.world.grammar import all_prompts

SHARES = SplitSettings(evaluation=0.2, judge=0.1)


def test_splits_have_their_shares_and_depend_on_the_text_alone():
    prompts = [str(number) for number in range(20_000)]
    splits = pd.Series(splits_of(prompts, SHARES))
    shares = splits.value_counts(normalize=True)
    assert shares["evaluation"] == pytest.approx(0.2, abs=0.01)
    assert shares["judge"] == pytest.approx(0.1, abs=0.01)
    assert splits_of(reversed(prompts), SHARES) == list(reversed(splits.tolist()))


def test_a_prompt_that_comes_twice_is_in_one_split():
    splits = splits_of(["a", "b"] * 50, SHARES)
    assert len(set(splits[::2])) == len(set(splits[1::2])) == 1


def test_splits_are_independent_of_the_worlds_own_split():
    prompts = all_prompts()
    splits = splits_of([prompt.text for prompt in prompts], SHARES)
    for split in ("train", "evaluation"):
        inside = [
            p == "evaluation" for p, q in zip(splits, prompts, strict=True) if q.split == split
        ]
        assert np.mean(inside) == pytest.approx(0.2, abs=0.04)


def test_a_part_without_pairs_is_told(tmp_path):
    path = tmp_path / "pairs.parquet"
    pd.DataFrame(
        {"prompt": ["a"], "chosen": ["b"], "rejected": ["c"], "split": ["train"]}
    ).to_parquet(path)
    assert len(pairs_of_split(path, "train")) == 1
    with pytest.raises(UserError, match=r"pairs\.parquet has no pairs of the split judge"):
        pairs_of_split(path, "judge")


def test_a_table_without_splits_is_told(tmp_path):
    path = tmp_path / "pairs.parquet"
    pd.DataFrame({"prompt": ["a"], "chosen": ["b"]}).to_parquet(path)
    with pytest.raises(UserError, match="lacks the columns rejected, split"):
        pairs_of_split(path, "train")


def test_both_sides_of_every_pair():
    pairs = pd.DataFrame(
        {"id": [0, 1], "prompt": ["p", "q"], "chosen": ["a", "b"], "rejected": ["c", "d"]}
    )
    table = both_sides(pairs)
    assert table.to_dict("list") == {
        "id": [0, 0, 1, 1],
        "prompt": ["p", "p", "q", "q"],
        "side": ["chosen", "rejected"] * 2,
        "response": ["a", "c", "b", "d"],
    }


def test_benchmark_rows():
    row = {"subset": "hep-go", "prompt": "write it", "chosen": "a", "rejected": "b"}
    table = read_benchmark(
        [("here", row), ("there", row | {"prompt": "\n\nHuman: x\n\nAssistant:"})]
    )
    assert table.prompt.tolist() == [
        "\n\nHuman: write it\n\nAssistant:",
        "\n\nHuman: x\n\nAssistant:",
    ]
    with pytest.raises(UserError, match="here: the field 'subset' is missing"):
        read_benchmark([("here", {"prompt": "p", "chosen": "a", "rejected": "b"})])


def test_longer_is_better():
    assert longer_is_better(["abc", "a"], ["a", "ab"]).tolist() == [2.0, -1.0]


def test_bag_of_words_learns_a_word_and_nothing_from_noise():
    rng = np.random.default_rng(0)
    words = np.array(lexicon.FUNCTION_WORDS[:12])

    def texts(count, extra):
        return [" ".join([*rng.choice(words, 6), extra]) for _ in range(count)]

    train, test = ((texts(n, "gently"), texts(n, "quickly")) for n in (200, 100))
    assert (bag_of_words_margins(train, test, 0) > 0).all()
    train, test = ((texts(n, "so"), texts(n, "so")) for n in (200, 300))
    assert (bag_of_words_margins(train, test, 0) > 0).mean() == pytest.approx(0.5, abs=0.12)
