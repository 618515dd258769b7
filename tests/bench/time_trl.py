"""Times TRL 0.11.4's PPO step, generation and rewards included, as bench_ppo.py times ours.

Runs in the environment that tests/parity/record_trl.py describes, on one core:

    trl/bin/python tests/bench/time_trl.py

Prints the median of seconds for a step. GPT-2 of 2 blocks of width 64, 193 tokens, 64 prompts of 5
tokens, responses of 10, rewards by ten heads on a trunk of the same size.
"""

import statistics
import time

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    GPT2Config,
    GPT2ForSequenceClassification,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
)
from trl import AutoModelForCausalLMWithValueHead, PPOConfig, PPOTrainer

WORDS, BATCH, PROMPT, RESPONSE = 193, 64, 5, 10
SIZES = {"vocab_size": WORDS, "n_positions": 32, "n_embd": 64, "n_layer": 2, "n_head": 4}
TOKENS = {"bos_token_id": 1, "eos_token_id": 1, "pad_token_id": 0}


def tokenizer() -> PreTrainedTokenizerFast:
    words = {"<pad>": 0, "<end>": 1} | {f"w{i}": i for i in range(2, WORDS)}
    base = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    base.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(
        tokenizer_object=base, pad_token="<pad>", eos_token="<end>", padding_side="left"
    )


def main(steps: int = 20) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    policy, reference = (
        AutoModelForCausalLMWithValueHead.from_pretrained(
            GPT2LMHeadModel(GPT2Config(**SIZES, **TOKENS))
        )
        for _ in range(2)
    )
    ensemble = GPT2ForSequenceClassification(GPT2Config(**SIZES, **TOKENS, num_labels=10)).eval()
    config = PPOConfig(batch_size=BATCH, mini_batch_size=BATCH, adap_kl_ctrl=False)
    trainer = PPOTrainer(config, policy, reference, tokenizer())
    options = {
        "do_sample": True,
        "top_k": 0,
        "top_p": 1.0,
        "min_length": -1,
        "max_new_tokens": RESPONSE,
        "pad_token_id": 0,
        "eos_token_id": -1,
    }
    times = []
    for _ in range(steps):
        queries = list(torch.randint(2, WORDS, (BATCH, PROMPT)))
        start = time.perf_counter()
        responses = trainer.generate(queries, return_prompt=False, batch_size=BATCH, **options)
        # TRL cuts a response at the end token, which comes now and then.
        rows = [torch.cat([q, r]) for q, r in zip(queries, responses, strict=True)]
        whole = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
        with torch.no_grad():
            rewards = ensemble(whole, attention_mask=torch.ones_like(whole)).logits
        trainer.step(queries, list(responses), list(rewards[:, 0]))
        times.append(time.perf_counter() - start)
    print(statistics.median(times[3:]))


if __name__ == "__main__":
    main()
