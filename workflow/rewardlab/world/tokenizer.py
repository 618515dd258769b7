"""A real tokenizer of the embedded world: one token a word, saved with the models."""

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from rewardlab.settings.world import POSITIONS
from rewardlab.world.lexicon import vocabulary

PAD, END, UNKNOWN = "<pad>", "<end>", "<unknown>"


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Return the tokenizer; it pads on the left, so that generation continues every prompt."""
    words = {word: index for index, word in enumerate((PAD, END, UNKNOWN, *vocabulary()))}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=POSITIONS,
    )
