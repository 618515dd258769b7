"""Small language models of the embedded worlds: made new, and trained on token rows."""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    DataCollatorForTokenClassification,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainingArguments,
)

from rewardlab.data.checkpoints import MarkComplete, SafeCheckpoints, last_checkpoint

log = logging.getLogger("rewardlab")

PAD, END, UNKNOWN = "<pad>", "<end>", "<unknown>"
IGNORED = -100  # the label of tokens that no loss counts


class LogLosses(TrainerCallback):
    """Write the Trainer's losses to the stage's log rather than to the terminal."""

    def on_log(self, args, state, control, logs=None, **kwargs):
        if logs and "loss" in logs:
            log.info("step %d of %d: loss %.3f", state.global_step, state.max_steps, logs["loss"])


def word_tokenizer(words: Sequence[str], positions: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer of one token a word; it pads on the left, so that generation goes on."""
    known = {word: index for index, word in enumerate((PAD, END, UNKNOWN, *words))}
    tokenizer = Tokenizer(models.WordLevel(known, unk_token=UNKNOWN))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        padding_side="left",
        clean_up_tokenization_spaces=False,
        model_max_length=positions,
    )


def new_gpt2(
    tokenizer: PreTrainedTokenizerFast, layers: int, width: int, heads: int, seed: int
) -> GPT2LMHeadModel:
    """Return a GPT-2 without dropout, with weights drawn from the seed."""
    torch.manual_seed(seed)
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=tokenizer.model_max_length,
            n_embd=width,
            n_layer=layers,
            n_head=heads,
            activation_function="gelu_pytorch_tanh",  # GPT-2's own function, in one kernel
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=tokenizer.eos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def new_llama(
    tokenizer: PreTrainedTokenizerFast, layers: int, width: int, heads: int, seed: int
) -> LlamaForCausalLM:
    """Return a Llama with weights drawn from the seed; its last layer is that of its embeddings.

    Its rotary positions are relative: what it learns in one place it knows in all.
    """
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            max_position_embeddings=tokenizer.model_max_length,
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=layers,
            num_attention_heads=heads,
            tie_word_embeddings=True,
            initializer_range=0.05,  # of a narrow model
            bos_token_id=tokenizer.eos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


class SafeTrainer(SafeCheckpoints, Trainer):
    """transformers' Trainer with such checkpoints."""


def train_on_rows(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    rows: Sequence[list[int]],
    labels: Sequence[list[int]],
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    folder: Path,
    checkpoint_steps: int | None = None,
) -> None:
    """Train `model` in place on token rows; labels: of each token, IGNORED where none counts.

    The learning rate falls to 0 linearly. folder: where the Trainer may write, of this very
    training: with checkpoints it goes on from one found there, and gives the same model.
    """
    tokenizer.padding_side = "right"  # in training, so that every text starts at position 0
    arguments = TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=batch_size,
        learning_rate=learning_rate,
        lr_scheduler_type="linear",
        logging_steps=max(1, steps // 10),
        save_strategy="no" if checkpoint_steps is None else "steps",
        save_steps=checkpoint_steps or steps,
        save_total_limit=2,
        report_to="none",
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
        seed=seed,
    )
    trainer = SafeTrainer(
        model=model,
        args=arguments,
        processing_class=tokenizer,
        train_dataset=Dataset.from_dict({"input_ids": list(rows), "labels": list(labels)}),
        data_collator=DataCollatorForTokenClassification(tokenizer),
        callbacks=[LogLosses(), MarkComplete()],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=last_checkpoint(folder))
    model.eval()
    tokenizer.padding_side = "left"
