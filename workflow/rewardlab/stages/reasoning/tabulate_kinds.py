"""What kinds of reward model say along a solution, and what is expected from each place on.

From beginnings of solutions the base model goes on many times, and once greedily: the share of
right answers is what a value function of either policy stands for. An outcome reward model has the
target of the base model's value function; under the greedy policy a value function is fitted anew
to outcomes of its own, and an outcome reward model is not. Rows of the table: panel tokens
(example, place, token, kind, said) and prefixes (kind, said, policy, expected, sure: the standard
error).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from rewardlab.data.manifest import open_artefact
from rewardlab.data.pretrained import load_language_model, load_tokenizer
from rewardlab.evaluation.decisions import Quantity
from rewardlab.evaluation.estimates import Estimate, over_units
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.tables import read_csv, write_csv
from rewardlab.policies.rollouts import sample_responses
from rewardlab.rewards.kinds import OUTCOME, VALUE
from rewardlab.rewards.solutions import Solved, encode_solutions, outcome_labels
from rewardlab.rewards.verifiers import (
    load_token_model,
    new_token_model,
    token_outputs,
    train_tokens,
)
from rewardlab.running.libraries import quieten
from rewardlab.running.stage import Input, Output, State, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.reasoning import KindsSettings, ReasoningSettings
from rewardlab.settings.types import Seed
from rewardlab.world.arithmetic import NEXT, check, longest_solution, problem_of

BATCH = 2048
LEARNED = 2000  # beginnings that the greedy policy's value function learns from, at most
BASE, GREEDY = "base", "greedy"
GREEDY_VALUE = "value, greedy policy"


def beginnings(table: pd.DataFrame, count: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return prompt and prefix of drawn solutions, each cut behind a step that is not the last."""
    texts = table.sample(min(count, len(table)), random_state=rng)
    prefixes = []
    for solution in texts.solution:
        words = solution.split()
        ends = [at + 1 for at, word in enumerate(words) if word == NEXT]
        prefixes.append(" ".join(words[: rng.choice(ends)]) if ends else "")
    return (
        texts[["prompt"]]
        .assign(prefix=prefixes)[lambda rows: rows.prefix.ne("")]
        .reset_index(drop=True)
    )


def outcomes(prefixes: pd.DataFrame, endings: Sequence[str], times: int) -> np.ndarray:
    """Return whether each prefix with each of its endings has the right answer, (n, times)."""
    repeated = prefixes.loc[prefixes.index.repeat(times)]
    found = [
        check(problem_of(prompt), f"{prefix} {ending}").is_right
        for prompt, prefix, ending in zip(repeated.prompt, repeated.prefix, endings, strict=True)
    ]
    return np.array(found, float).reshape(-1, times)


def at_the_end(model, tokenizer, prefixes: pd.DataFrame) -> np.ndarray:
    """Return what a reward model says at the last token of prompts with prefixes, (n,)."""
    solved = encode_solutions(tokenizer, prefixes.prompt.tolist(), prefixes.prefix.tolist())
    rows = [row[:-1] for row in solved.rows]  # nothing ends there
    outputs = token_outputs(model, rows, tokenizer.pad_token_id)
    if outputs[0].shape[-1] == 1:
        return np.array([float(output[-1, 0]) for output in outputs])
    return np.array([float(output[-1].softmax(-1)[1]) for output in outputs])


def greedy_value(
    base: Path,
    tokenizer: PreTrainedTokenizerBase,
    prefixes: pd.DataFrame,
    endings: Sequence[str],
    settings: KindsSettings,
    seed: int,
    state: Path,
) -> PreTrainedModel:
    """Return a value function of the greedy policy, fitted to its outcomes from prefixes on.

    As a value function is: at every token that the policy itself wrote, and at the prefix's last.
    """
    torch.manual_seed(derive_seed(seed, "head"))
    model = new_token_model(base, 1)
    reached = outcomes(prefixes, endings, 1)[:, 0].astype(int)
    whole = [f"{row} {end}" for row, end in zip(prefixes.prefix, endings, strict=True)]
    solved = encode_solutions(tokenizer, prefixes.prompt.tolist(), whole)
    begun = encode_solutions(tokenizer, prefixes.prompt.tolist(), prefixes.prefix.tolist())
    starts = [len(row) - 2 for row in begun.rows]  # the token before the end
    labels = outcome_labels(Solved(solved.rows, starts), reached.tolist())
    order = derive_seed(seed, "order")
    train_tokens(
        model, tokenizer, solved.rows, labels, settings.training, order, state / "greedy value"
    )
    return model


def off(
    said: np.ndarray, expected: np.ndarray, variance: np.ndarray, problems: Sequence[str]
) -> Estimate:
    """Return the root mean squared distance of what is said from what is expected, noise taken off.

    variance: of each expectation's estimate; problems: the units.
    """
    squares = (said - expected) ** 2 - variance

    def root(rows: np.ndarray) -> float:
        return float(np.sqrt(max(squares[rows].mean(), 0.0)))

    return over_units(root, problems)


def distances(found: dict[tuple[str, str], Estimate]) -> str:
    """Return how far each kind is from each policy's expectation, in words."""
    return ", ".join(
        f"{kind} from the {policy} policy's expectation {estimate:.3f}"
        for (kind, policy), estimate in found.items()
    )


@stage
def tabulate_kinds(
    model: Input,
    models: Input,
    solutions: Input,
    examples: Input,
    table: Output,
    findings: Output,
    claims: Output,
    state: State,
    world: ReasoningSettings,
    settings: KindsSettings,
    seed: Seed,
) -> None:
    """Examples token by token, and B3d; models: of every kind; the first run's are taken."""
    quieten()
    base, folder = open_artefact(model), open_artefact(models) / "0"
    network, tokenizer = load_language_model(base), load_tokenizer(base, padding_side="left")
    everything = pd.read_parquet(solutions)
    longest = longest_solution(world)

    def endings(prefixes: pd.DataFrame, times: int, name: str, greedy: bool) -> list[str]:
        asked = [
            f"{row.prompt} {row.prefix}" for row in prefixes.itertuples() for _ in range(times)
        ]
        own, kept = derive_seed(seed, name), state / name
        return sample_responses(
            network, tokenizer, asked, longest, own, BATCH, kept, greedy, settings.min_p
        )

    rng = np.random.default_rng(derive_seed(seed, "prefixes"))
    held_out = beginnings(everything[everything.split.eq("evaluation")], settings.prefixes, rng)
    seen = beginnings(everything[everything.split.eq("train")], LEARNED, rng)
    times = settings.rollouts
    rolled = outcomes(held_out, endings(held_out, times, "rollouts", greedy=False), times)
    greedily = outcomes(held_out, endings(held_out, 1, "greedy", greedy=True), 1)[:, 0]
    expected = {
        BASE: (rolled.mean(1), rolled.var(1, ddof=1) / times),
        GREEDY: (greedily, np.zeros(len(held_out))),
    }
    learned = endings(seen, 1, "greedy training", greedy=True)
    refitted = greedy_value(base, tokenizer, seen, learned, settings, seed, state)
    said = {
        kind: at_the_end(load_token_model(folder / kind), tokenizer, held_out)
        for kind in (OUTCOME, VALUE)
    }
    said[GREEDY_VALUE] = at_the_end(refitted, tokenizer, held_out)
    problems = held_out.prompt.tolist()
    found, parts = {}, [read_csv(examples).assign(panel="tokens")]
    for kind, values in said.items():
        for policy, (mean, variance) in expected.items():
            found[kind, policy] = off(values, mean, variance, problems)
            columns = {"said": values, "expected": mean, "sure": np.sqrt(variance)}
            rows = pd.DataFrame(columns)
            parts.append(rows.assign(panel="prefixes", kind=kind, policy=policy))
    write_csv(pd.concat(parts, ignore_index=True), table)
    agreed = over_units(
        lambda rows: float(np.abs(said[OUTCOME] - said[VALUE])[rows].mean()), problems
    )
    constant = {policy: float(mean.std()) for policy, (mean, _) in expected.items()}
    apart = off(expected[BASE][0], *expected[GREEDY], problems)
    beside = (
        f"the two policies' own expectations are {apart.value:.3f} apart, and a constant is "
        f"{constant[BASE]:.3f} off the base policy's, {constant[GREEDY]:.3f} off the greedy one's"
    )
    words = distances(found)
    evidence = (
        f"mean distance of the outcome reward model from the base policy's value function, at "
        f"{len(held_out)} beginnings; root mean squared distances, with the noise of "
        f"{settings.rollouts} rollouts taken off: {words}; {beside}; one training run of each"
    )
    write_findings([Finding("B3d", {}, Quantity(*agreed.quantity[:3]), evidence)], claims)
    findings.write_text(
        f"Root mean squared distances at beginnings of solutions: {words}; {beside}.\n"
    )


if __name__ == "__main__":
    main(tabulate_kinds)
