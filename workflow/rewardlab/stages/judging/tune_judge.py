"""Tunes the embedded world's judge on training pairs, each in both orders."""

from pathlib import Path

from rewardlab.data.manifest import open_artefact, write_manifest
from rewardlab.data.pairs_table import training_pairs
from rewardlab.data.pretrained import load_language_model
from rewardlab.judging.comparisons import FIRST, SECOND, both_orders
from rewardlab.judging.template import read_template
from rewardlab.rewards.verifiers import train_tokens
from rewardlab.running.costs import costs
from rewardlab.running.errors import UserError
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.tokens import TokenTrainingSettings
from rewardlab.settings.types import Seed
from rewardlab.world.judge import POSITIONS, verdict_labels, widened
from rewardlab.world.lexicon import vocabulary


def check_rows(rows: list[list[int]], template: Path) -> None:
    """Raise UserError if a comparison is longer than the judge reads."""
    longest = max(map(len, rows))
    if longest > POSITIONS:
        raise UserError(
            f"{template}: with question and answers it comes to {longest} tokens, but the embedded "
            f"judge reads {POSITIONS}; expected a shorter template, or another judge (data.judge)."
        )


@stage
def tune_judge(
    model: Input,
    preferences: Input,
    template: Input,
    judge: Output,
    manifest: Output,
    measured: Output,
    state: State,
    settings: TokenTrainingSettings,
    seed: Seed,
) -> None:
    """The world's language model as a judge of pairs, whose chosen response is the better one."""
    quieten()
    base = load_language_model(open_artefact(model))
    network, tokenizer = widened(base, vocabulary(), derive_seed(seed, "weights"))
    pairs = training_pairs(preferences)
    pairs = pairs.assign(first=pairs.chosen, second=pairs.rejected)
    requests = both_orders(pairs, read_template(template))
    verdicts = [FIRST] * len(pairs) + [SECOND] * len(pairs)
    rows, labels = verdict_labels(tokenizer, requests, verdicts)
    check_rows(rows, template)
    with costs(state, measured, what="embedded judge") as notes:
        order = derive_seed(seed, "order")
        train_tokens(network, tokenizer, rows, labels, settings, order, state / "training")
        notes["comparisons"] = len(rows)
        notes["epochs"] = settings.epochs
    tokenizer.padding_side = "left"
    network.save_pretrained(judge)
    tokenizer.save_pretrained(judge)
    write_manifest(manifest, judge)


if __name__ == "__main__":
    main(tune_judge)
