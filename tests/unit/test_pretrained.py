"""Models and tokenizers are whole, or refused: tiny random ones, saved and read for real."""

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    GPT2Config,
    LlamaConfig,
    PreTrainedTokenizerFast,
    RobertaConfig,
)

from rewardlab.data.pretrained import (
    check_room,
    load_language_model,
    load_model,
    load_tokenizer,
    positions_of,
)
from rewardlab.rewards.texts import prepare_tokenizer
from rewardlab.rewards.trunk import check_vocabulary, load_reward_model
from rewardlab.running.errors import UserError

GPT2 = GPT2Config(vocab_size=5, n_positions=16, n_embd=8, n_layer=2, n_head=2)
SIZES = {
    "vocab_size": 5,
    "hidden_size": 8,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 16,
}


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    words = {word: number for number, word in enumerate(["<unknown>", "<end>", "a", "b", "c"])}
    model = Tokenizer(WordLevel(words, unk_token="<unknown>"))
    model.pre_tokenizer = WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=model, unk_token="<unknown>", eos_token="<end>", pad_token="<end>"
    )


@pytest.fixture
def language_model(tmp_path, tokenizer):
    folder = tmp_path / "model"
    AutoModelForCausalLM.from_config(GPT2).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_whole_ones_are_read(language_model, tokenizer):
    model = load_language_model(language_model)
    assert model.config.n_layer == 2
    assert load_tokenizer(language_model).get_vocab() == tokenizer.get_vocab()


def test_a_missing_head_is_refused_unless_it_is_to_be_new(language_model):
    kind = AutoModelForSequenceClassification
    with pytest.raises(
        UserError,
        match=r"lacks score\.weight, which .* for GPT2For.*expected a head",
    ):
        load_model(kind, language_model, "a head")
    load_model(kind, language_model, "a head", new=lambda model, name: name == "score.weight")


def test_weights_of_another_shape_are_missing_ones(tmp_path):
    model = AutoModelForSequenceClassification.from_config(GPT2)  # two labels
    model.save_pretrained(tmp_path)
    options = {"num_labels": 3}
    with pytest.raises(UserError, match=r"lacks score\.weight"):
        load_model(AutoModelForSequenceClassification, tmp_path, "a head", **options)


def test_a_missing_layer_of_a_language_model_is_refused(tmp_path):
    AutoModelForCausalLM.from_config(GPT2).save_pretrained(tmp_path)
    config = tmp_path / "config.json"
    config.write_text(config.read_text().replace('"n_layer": 2', '"n_layer": 3'))
    with pytest.raises(UserError, match=r"lacks .* and \d+ more, .*; expected a causal language"):
        load_language_model(tmp_path)


def test_a_configuration_that_is_no_json(language_model):
    (language_model / "config.json").write_text("{")
    for load in (load_language_model, load_tokenizer):
        with pytest.raises(UserError, match=r"config\.json is not valid JSON"):
            load(language_model)


def test_folders_that_are_no_model(tmp_path, language_model):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"config\.json is missing; it is empty"):
        load_language_model(tmp_path / "empty")
    (tmp_path / "empty/notes.txt").touch()
    with pytest.raises(UserError, match=r"config\.json is missing; found notes\.txt"):
        load_tokenizer(tmp_path / "empty")
    for file in language_model.glob("*.safetensors"):
        file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(UserError, match="no model that can be read"):
        load_language_model(language_model)


def test_a_tokenizer_without_words_is_none(language_model):
    for file in language_model.glob("token*"):
        file.unlink()
    with pytest.raises(UserError, match="has no tokenizer"):
        load_tokenizer(language_model)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (GPT2, 16),
        (LlamaConfig(**SIZES), 16),
        # Its first position is the one behind the padding token's, here 1.
        (RobertaConfig(**SIZES, pad_token_id=1), 14),
    ],
)
def test_positions(config, expected):
    model = AutoModelForSequenceClassification.from_config(config)
    assert positions_of(model) == expected


def test_a_response_needs_room(tokenizer):
    model = AutoModelForCausalLM.from_config(GPT2)
    check_room(model, tokenizer, ["a b c"], 13)
    with pytest.raises(UserError, match=r"'a b c' has 3 tokens, .* may have 14, .* reads 16 at"):
        check_room(model, tokenizer, ["a", "a b c"], 14)


def test_half_precision_is_read_in_single(tmp_path):
    AutoModelForCausalLM.from_config(GPT2).bfloat16().save_pretrained(tmp_path)
    assert {parameter.dtype for parameter in load_language_model(tmp_path).parameters()} == {
        torch.float32
    }


def test_a_new_head_is_new_also_where_there_was_one(tmp_path, tokenizer):
    tokenizer.save_pretrained(tmp_path)
    for name, labels in (("one", 1), ("two", 2)):
        GPT2.num_labels = labels
        AutoModelForSequenceClassification.from_config(GPT2).save_pretrained(tmp_path / name)
        tokenizer.save_pretrained(tmp_path / name)
    old = load_reward_model(tmp_path / "one")[0].score.weight
    for name in ("one", "two"):
        first, second = (
            load_reward_model(tmp_path / name, heads=1)[0].score.weight for _ in range(2)
        )
        assert first.shape == old.shape
        assert not torch.equal(first, old)
        assert not torch.equal(first, second)


def test_tokens_that_the_model_does_not_know(language_model, tokenizer):
    model = load_language_model(language_model)
    check_vocabulary(model, [[0, 4], [1]])
    with pytest.raises(UserError, match=r"text 1 .* has the token 5, but .* embeddings for 5"):
        check_vocabulary(model, [[0], [5]])
    with pytest.raises(UserError, match=r"text 0 \(counted from 0\) has no token"):
        check_vocabulary(model, [[]])


def test_a_tokenizer_without_any_token_to_fill_up_with(tokenizer):
    tokenizer.pad_token = tokenizer.eos_token = None
    with pytest.raises(UserError, match="neither a padding token nor an end token"):
        prepare_tokenizer(tokenizer)
