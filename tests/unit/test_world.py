"""The embedded world: its words, its gold rewards, its speakers."""

import numpy as np
import pytest

from rewardlab.settings.world import WorldSettings
from rewardlab.world import lexicon
from rewardlab.world.gold import build_gold
from rewardlab.world.grammar import Speaker, all_prompts, in_dialect

PROMPTS = all_prompts()


def world(seed=0, value="equal", share=0.12):
    dialect = {"share": share, "value": value, "coverage": "heterogeneous"}
    return WorldSettings(seed=seed, overall_weights=(1.0, 2.0), dialect=dialect)


def test_every_word_is_in_the_vocabulary_once():
    words = lexicon.vocabulary()
    assert len(words) == len(set(words))
    rng = np.random.default_rng(0)
    prompts = all_prompts()
    texts = [prompt.text for prompt in prompts]
    texts += list(Speaker(world(share=0.5)).answers(prompts[:2000], rng))
    assert {word for text in texts for word in text.split()} <= set(words)
    assert set(lexicon.DIALECT) == set(lexicon.content_words())
    assert lexicon.DIALECT_WORDS.isdisjoint(lexicon.content_words())


def test_prompts_are_distinct_and_split_by_their_text():
    prompts = all_prompts()
    assert len({prompt.text for prompt in prompts}) == len(prompts) > 3000
    share = np.mean([prompt.split == "evaluation" for prompt in prompts])
    assert 0.2 < share < 0.3
    assert {prompt.kind for prompt in prompts} == set(lexicon.KINDS)


def test_gold_rewards_by_hand():
    gold = build_gold(world())
    prompt = "how do i cook the soup ?"
    kind, baseline = gold.prompt_baseline(prompt)
    assert lexicon.KINDS[kind] == "kitchen"
    pot, slowly = (gold.values[kind, gold.index[word]] for word in ("pot", "slowly"))
    rewards = gold.rewards([prompt] * 3, ["take the pot and work slowly .", "pot pot slowly", "."])
    assert rewards == pytest.approx(np.stack([baseline + pot + slowly] * 2 + [baseline]))
    assert gold.overall(rewards) == pytest.approx(rewards[:, 0] + 2 * rewards[:, 1])


def test_values_have_the_signs_of_their_roles():
    gold = build_gold(world(seed=3))
    kitchen, hazard = lexicon.KINDS.index("kitchen"), lexicon.KINDS.index("hazard")
    value = lambda kind, word: gold.values[kind, gold.index[word]]  # noqa: E731
    assert value(kitchen, "pot")[0] > 0 > value(hazard, "pot")[0]
    assert value(hazard, "acid")[0] > 0 > value(hazard, "acid")[1]
    assert value(kitchen, "gloves")[0] < 0 < value(kitchen, "gloves")[1]
    assert value(kitchen, "sorry")[0] < 0 < value(kitchen, "sorry")[1]
    assert value(kitchen, "genius").tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("value", "shift"), [("worse", -0.75), ("equal", 0.0), ("better", 0.75)])
def test_dialect_is_worth_its_counterpart_up_to_the_setting(value, shift):
    gold = build_gold(world(value=value))
    prompt = "please trim my rose ?"
    standard = gold.rewards([prompt], ["use the spade gently ."])
    dialect = gold.rewards([prompt], ["use the spaad doucely ."])
    assert dialect - standard == pytest.approx(np.full((1, 2), 2 * shift))


def test_worlds_differ_by_their_seed_only():
    first, again, other = build_gold(world(0)), build_gold(world(0)), build_gold(world(1))
    assert (first.values == again.values).all()
    assert not np.allclose(first.values, other.values)


def test_the_two_properties_pull_against_each_other():
    for seed in range(4):
        rng = np.random.default_rng(seed)
        prompts = [PROMPTS[number] for number in rng.integers(len(PROMPTS), size=3000)]
        gold = build_gold(world(seed))
        texts = [prompt.text for prompt in prompts]
        rewards = gold.rewards(texts, list(Speaker(world(seed)).answers(prompts, rng)))
        baselines = np.array([gold.prompt_baseline(text)[1] for text in texts])
        assert np.corrcoef((rewards - baselines).T)[0, 1] < -0.2
        assert baselines.std(0).min() > 0.5


def test_share_of_dialect():
    rng = np.random.default_rng(0)
    prompts = [PROMPTS[number] for number in rng.integers(len(PROMPTS), size=4000)]
    for share in (0.0, 0.12, 0.5):
        answers = list(Speaker(world(share=share)).answers(prompts, rng))
        found = np.mean([in_dialect(answer) for answer in answers])
        assert 0.7 * share <= found <= share + 0.02


def test_a_foreign_prompt_is_refused():
    with pytest.raises(ValueError, match="what is the capital"):
        build_gold(world()).rewards(["what is the capital of france ?"], ["paris"])
