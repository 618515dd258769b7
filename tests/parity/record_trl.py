"""Records what TRL 0.11.4's PPO does in one step, for test_parity.py to hold ours to.

It needs an environment of its own:

    python -m venv trl
    trl/bin/pip install trl==0.11.4 transformers==4.46.3 "numpy>=2" torch==2.13.0 rich
    trl/bin/python tests/parity/record_trl.py

Writes recorded/<case>.safetensors (weights before and after, and all tensors of the step) and
recorded/<case>.json (settings, minibatches, losses). A tiny GPT-2 with random weights, prompts and
responses of unequal length; the case `skipped` has so large a learning rate that later minibatches
exceed the ratio threshold.
"""

import json
from pathlib import Path

import numpy as np
import torch
import transformers
import trl
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast
from trl import AutoModelForCausalLMWithValueHead, PPOConfig, PPOTrainer

HERE = Path(__file__).parent / "recorded"
PAD, END, WORDS = 0, 1, 31
BATCH = 8
CASES = {
    "plain": {"learning_rate": 1e-3, "mini_batch_size": 4},
    "whole_batch": {"learning_rate": 1e-3, "mini_batch_size": 8},
    "skipped": {"learning_rate": 0.3, "mini_batch_size": 4},
}


def tokenizer() -> PreTrainedTokenizerFast:
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {"<pad>": PAD, "<end>": END} | {f"w{i}": i for i in range(2, WORDS)}
    base = Tokenizer(models.WordLevel(words, unk_token="<pad>"))
    base.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=base, pad_token="<pad>", eos_token="<end>")


def model(seed: int) -> AutoModelForCausalLMWithValueHead:
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=WORDS,
        n_positions=24,
        n_embd=16,
        n_layer=2,
        n_head=2,
        bos_token_id=END,
        eos_token_id=END,
        initializer_range=0.2,
    )
    return AutoModelForCausalLMWithValueHead.from_pretrained(GPT2LMHeadModel(config))


def batch() -> tuple[list[torch.Tensor], list[torch.Tensor], list[torch.Tensor]]:
    """Return queries of 2 to 5 tokens, responses of 1 to 6, half of them ended, and scores."""
    generator = torch.Generator().manual_seed(7)
    queries, responses = [], []
    for row in range(BATCH):
        queries.append(torch.randint(2, WORDS, (2 + row % 4,), generator=generator))
        response = torch.randint(2, WORDS, (1 + (3 * row) % 6,), generator=generator)
        if row % 2:
            response[-1] = END
        responses.append(response)
    return queries, responses, list(torch.randn(BATCH, generator=generator))


def weights_of(trained, prefix: str) -> dict[str, torch.Tensor]:
    state = trained.pretrained_model.state_dict()
    named = {f"{prefix}.model.{name}": value for name, value in state.items()}
    named[f"{prefix}.value.weight"] = trained.v_head.summary.weight
    named[f"{prefix}.value.bias"] = trained.v_head.summary.bias
    return {name: value.detach().clone().contiguous() for name, value in named.items()}


def record(name: str, options: dict) -> None:
    trained, reference = model(0), model(1)
    config = PPOConfig(batch_size=BATCH, init_kl_coef=0.2, adap_kl_ctrl=False, seed=0, **options)
    trainer = PPOTrainer(config, trained, reference, tokenizer())
    tensors = weights_of(trained, "before") | {
        f"reference.{key}": value.clone().contiguous()
        for key, value in reference.pretrained_model.state_dict().items()
    }
    minibatches, losses, kept = [], [], {}

    permutation = np.random.permutation
    rewards_of, advantages_of, train = (
        trainer.compute_rewards,
        trainer.compute_advantages,
        trainer.train_minibatch,
    )

    def drawn(count):
        order = permutation(count)
        minibatches.append(order.tolist())
        return order

    def rewards(scores, logprobs, reference_logprobs, masks):
        found = rewards_of(scores, logprobs, reference_logprobs, masks)
        kept.update(logprobs=logprobs, reference_logprobs=reference_logprobs, rewards=found[0])
        return found

    def advantages(values, rewards, masks):
        found = advantages_of(values, rewards, masks)
        kept.update(values=found[0], advantages=found[1], returns=found[2], masks=masks)
        return found

    def trained_on(*arguments):
        stats = train(*arguments)
        ratio = stats["policy/ratio"]
        losses.append(
            {
                "policy": stats["loss/policy"].item(),
                "value": stats["loss/value"].item(),
                "ratio": ((ratio * arguments[5]).sum() / arguments[5].sum()).item(),
            }
        )
        return stats

    trainer.compute_rewards, trainer.compute_advantages = rewards, advantages
    trainer.train_minibatch = trained_on
    np.random.permutation = drawn
    queries, responses, scores = batch()
    np.random.seed(0)  # noqa: NPY002  TRL draws from the global generator
    stats = trainer.step(queries, responses, scores)
    np.random.permutation = permutation
    tensors |= {key: value.detach().clone().float().contiguous() for key, value in kept.items()}
    tensors |= weights_of(trainer.accelerator.unwrap_model(trainer.model), "after")
    tensors["scores"] = torch.stack(scores)
    HERE.mkdir(exist_ok=True)
    save_file(tensors, HERE / f"{name}.safetensors")
    settings = config.to_dict()
    wanted = ("gamma", "lam", "cliprange", "cliprange_value", "vf_coef", "ppo_epochs")
    wanted += ("ratio_threshold", "learning_rate", "mini_batch_size", "init_kl_coef")
    text = {
        "versions": {m.__name__: m.__version__ for m in (trl, transformers, torch)},
        "settings": {key: settings[key] for key in wanted},
        "queries": [row.tolist() for row in queries],
        "responses": [row.tolist() for row in responses],
        "orders": minibatches,
        "losses": losses,
        "kl": float(stats["objective/kl"]),
        # What the next step's sampling will be in: dropout is on.
        "training_mode_after": trainer.accelerator.unwrap_model(trainer.model).training,
        "config": trained.pretrained_model.config.to_dict(),
    }
    (HERE / f"{name}.json").write_text(json.dumps(text, indent=1, default=str) + "\n")


if __name__ == "__main__":
    for case, case_options in CASES.items():
        record(case, case_options)
        print(case)
