"""A real tokenizer of the embedded world: one token a word, saved with the models."""

from transformers import PreTrainedTokenizerFast

from rewardlab.settings.world import POSITIONS
from rewardlab.world.language_model import word_tokenizer
from rewardlab.world.lexicon import vocabulary


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer; it pads on the left, so that generation continues every prompt."""
    return word_tokenizer(vocabulary(), POSITIONS)
