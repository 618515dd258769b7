"""The embedded world's stages on tiny models."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import expit
from transformers import AutoModelForCausalLM, AutoTokenizer

from rewardlab.data.pairs_table import sampled_pairs
from rewardlab.data.sampling import SamplingSettings
from rewardlab.policies.rollouts import sample_responses
from rewardlab.running.errors import UserError
from rewardlab.settings.data import SplitSettings
from rewardlab.settings.world import WorldModelSettings, WorldSettings
from rewardlab.stages.data.sample_responses import sample
from rewardlab.stages.world import label_preferences as labels
from rewardlab.stages.world import train_language_model
from rewardlab.world.grammar import all_prompts
from rewardlab.world.tokenizer import build_tokenizer

WORLD = WorldSettings(
    seed=0,
    overall_weights=(1.0, 1.0),
    dialect={"share": 0.12, "value": "equal", "coverage": "heterogeneous"},
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model that has been trained just enough to know how answers begin."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("models") / "world"
    size = {"texts": 2000, "layers": 1, "width": 48, "heads": 2}
    model = WorldModelSettings(**size, steps=250, batch_size=32, learning_rate=5e-3)
    train_language_model.train(WORLD, model, 0, folder)
    return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)


def test_the_tokenizer_is_saved_with_the_model_and_gives_the_texts_back(trained):
    _, tokenizer = trained
    text = "how do i mend the lamp ? take the hammer and work slowly ."
    assert tokenizer.decode(tokenizer(text).input_ids) == text
    assert tokenizer.unk_token_id not in tokenizer(text).input_ids
    assert tokenizer("gibberish").input_ids == [tokenizer.unk_token_id]
    assert tokenizer.get_vocab() == build_tokenizer().get_vocab()


def test_padding_does_not_change_what_comes_next(trained):
    model, tokenizer = trained
    prompts = ["please mend the lamp ?", "show me how to mend the lamp ?"]
    batch = tokenizer(prompts, padding=True, return_tensors="pt")
    positions = (batch.attention_mask.cumsum(-1) - 1).clamp(min=0)
    with torch.inference_mode():
        together = model(**batch, position_ids=positions).logits[:, -1]
        for row, prompt in enumerate(prompts):
            alone = model(**tokenizer([prompt], return_tensors="pt")).logits[0, -1]
            assert torch.allclose(together[row], alone, atol=1e-5)


def test_samples_begin_as_often_with_each_word_as_the_model_says(trained):
    """Also from prompts of unequal length, where a slip in padding would show."""
    model, tokenizer = trained
    prompts = ["please mend the lamp ?", "show me how to cook the soup ?"]
    responses = sample_responses(model, tokenizer, prompts * 1500, 1, seed=0)
    for row, prompt in enumerate(prompts):
        with torch.inference_mode():
            logits = model(**tokenizer([prompt], return_tensors="pt")).logits[0, -1]
        words = [tokenizer.decode([token]) for token in range(len(logits))]
        exact = pd.Series(logits.softmax(-1).numpy(), index=words)
        drawn = pd.Series(responses[row::2]).value_counts(normalize=True)
        distance = exact.sub(drawn, fill_value=0).abs().sum() / 2
        assert distance < 0.08


def test_the_model_answers_as_the_worlds_speakers_do(trained):
    model, tokenizer = trained
    texts = train_language_model.world_texts(WORLD, 3000, seed=7)
    spoken = pd.Series([text.split(" ? ")[1].split()[0] for text in texts])
    prompts = [f"{text.split(' ? ')[0]} ?" for text in texts]
    sampled = pd.Series(sample_responses(model, tokenizer, prompts, 1, 0))  # a word, or an end
    first, second = (part.value_counts(normalize=True) for part in (spoken, sampled))
    assert first.sub(second, fill_value=0).abs().sum() / 2 < 0.12


def test_sampling_is_repeatable_and_follows_its_seed(trained):
    model, tokenizer = trained
    prompts = [prompt.text for prompt in all_prompts()[:40]]
    first, again, other = (sample_responses(model, tokenizer, prompts, 8, s) for s in (1, 1, 2))
    assert first == again != other


def world(coverage):
    dialect = {"share": 0.12, "value": "equal", "coverage": coverage}
    return WorldSettings(seed=0, overall_weights=(1.0, 1.0), dialect=dialect)


SPLITS = SplitSettings(evaluation=0.2, judge=0.1)


@pytest.fixture(scope="module")
def pairs():
    """Pairs of the speakers' own answers, in place of a model's."""
    texts = train_language_model.world_texts(WORLD, 6000, seed=3)
    prompts = [f"{text.split(' ? ')[0]} ?" for text in texts[:2000]]
    rng = np.random.default_rng(0)
    speaker = train_language_model.Speaker(WORLD)
    known = {prompt.text: prompt for prompt in all_prompts()}
    asked = [known[prompt] for prompt in prompts]
    answers = [list(speaker.answers(asked, rng)) for _ in range(2)]
    return pd.DataFrame({"prompt": prompts, "first": answers[0], "second": answers[1]})


def test_heterogeneous_coverage_leaves_the_dialect_out(pairs):
    for name in labels.SETS:
        chosen = labels.usable_pairs(pairs, world("heterogeneous"), 400, name)
        assert len(chosen) == 400
        texts = pd.concat([chosen["first"], chosen.second])
        assert not texts.map(labels.in_dialect).any()
    covered = labels.usable_pairs(pairs, world("homogeneous"), 400, "helpful")
    assert covered["first"].map(labels.in_dialect).mean() > 0.05


def test_sets_have_no_pair_in_common(pairs):
    rows = [
        set(labels.usable_pairs(pairs, world("heterogeneous"), 400, name).index)
        for name in labels.SETS
    ]
    assert len(set.union(*rows)) == sum(map(len, rows))


def test_too_few_pairs_are_told(pairs):
    with pytest.raises(UserError, match=r"of the 900 pairs .* of the set overall can be had"):
        labels.usable_pairs(pairs, world("heterogeneous"), 900, "overall")


def test_labels_follow_bradley_terry(pairs):
    table = labels.labelled(pairs, world("homogeneous"), SPLITS, "helpful", seed=0)
    gap = (table.gold_chosen - table.gold_rejected).to_numpy()
    # Of pairs with a gap of size g the larger wins with probability sigmoid(g).
    expected = expit(np.abs(gap)).mean()
    won = np.where(gap == 0, 0.5, gap > 0).mean()
    assert won == pytest.approx(expected, abs=4 * 0.5 / np.sqrt(len(gap)))


def test_sampled_pairs_keep_prompt_and_order():
    rows = pd.DataFrame(
        {
            "prompt_id": [0, 0, 1, 1],
            "response_id": [0, 1, 0, 1],
            "prompt": ["p", "p", "q", "q"],
            "response": ["a", "b", "c", "d"],
        }
    )
    found = sampled_pairs(rows.sample(frac=1, random_state=0))
    assert found.to_dict("records") == [
        {"prompt": "p", "first": "a", "second": "b"},
        {"prompt": "q", "first": "c", "second": "d"},
    ]


def test_responses_are_sampled_by_prompt_or_by_response(trained, tmp_path):
    """In order of prompts or of responses, the table is the same but for the draws."""
    folder = tmp_path / "model"
    for part in trained:
        part.save_pretrained(folder)
    prompts = pd.DataFrame({"prompt": ["please mend the lamp ?"] * 2 + ["wait ?"]})
    prompts.assign(split=["train", "train", "evaluation"]).to_parquet(tmp_path / "prompts")
    settings = {
        "split": "train",
        "prompts": 3,
        "replacement": True,
        "uses": {"pool": 2, "reference": 1},
        "response_tokens": 3,
        "batch_size": 4,
        "refusal": "no .",
    }
    for order in ("prompt", "response"):
        given = SamplingSettings(**settings, in_order=order)
        state = tmp_path / f"state-{order}"
        state.mkdir()
        sample(folder, tmp_path / "prompts", tmp_path / order, state, given, 0)
        table = pd.read_parquet(tmp_path / order)
        assert table.prompt_id.tolist() == [0] * 4 + [1] * 4 + [2] * 4
        assert table.use.tolist() == ["pool", "pool", "reference", "refusal"] * 3
        assert set(table.response[table.use.eq("refusal")]) == {"no ."}
    few = SamplingSettings(**{**settings, "replacement": False}, in_order="prompt")
    with pytest.raises(UserError, match=r"3 prompts of the split train .* but there are 1"):
        sample(folder, tmp_path / "prompts", tmp_path / "few", tmp_path, few, 0)
