"""How often the best of n solutions is right, by the reward model that chooses.

Exact over all subsets of each problem's samples; majority votes over drawn ones. By right answer,
and by right answer with all steps right; over all problems, and by how often the base model solves
them. Columns of the table: worth (answer or reasoning), problems (all, hard, easy),
chooser, n, value, low, high.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rewardlab.evaluation.best_of_n import (
    any_right,
    majority_right,
    ordered_right,
    worth_of_best,
)
from rewardlab.evaluation.estimates import Estimate, crossed, over_units
from rewardlab.evaluation.findings import Finding, write_findings
from rewardlab.evaluation.tables import share, write_csv
from rewardlab.evaluation.transformed import detectable
from rewardlab.rewards.kinds import (
    OUTCOME,
    OUTCOME_PAIRS,
    PAIRS,
    PROCESS,
)
from rewardlab.running.stage import Input, Output, main, stage
from rewardlab.seeds import derive_seed
from rewardlab.settings.reasoning import KindsSettings
from rewardlab.settings.types import Seed
from rewardlab.world.arithmetic import ANNIHILATED, CANCELLED, answer_of, problem_of

Array = NDArray[np.float64]
ANSWER, REASONING = "answer", "reasoning"
MAJORITY, ANY, LIKELIHOOD = "majority vote", "any (pass@n)", "likelihood"
HARD, EASY = "hard", "easy"  # solved in less than half of the samples, or in more
CLAIMED_PROCESS = f"{PROCESS}_minimum"  # our choice; the product is told beside it


class Sampled:
    """Solutions of P problems with N samples each, and their scores by run."""

    def __init__(self, solutions: pd.DataFrame, scores: pd.DataFrame) -> None:
        table = solutions[solutions.split.eq("evaluation")]
        table = table.sort_values(["problem_id", "sample"])
        self.problems = table.problem_id.nunique()
        self.worth = {
            ANSWER: self._by_problem(table.is_right).astype(bool),
            REASONING: self._by_problem(table.all_right).astype(bool),
        }
        self.luck = table.luck[table.is_right]
        self.distinct = float(table.groupby("problem_id").solution.nunique().mean())
        prompts = table.prompt.to_numpy().reshape(self.problems, -1)[:, 0]
        self.answers = np.array([problem_of(prompt).answer for prompt in prompts])
        given = [answer_of(text) for text in table.solution]
        numbers = [int(text) if text.isdigit() and len(text) == 1 else -1 for text in given]
        self.given = np.array(numbers).reshape(self.problems, -1)
        scores = scores.sort_values(["run", "problem_id", "sample"])
        names = [name for name in scores if name not in ("run", "problem_id", "sample")]
        self.scores: dict[str, Array] = {
            name: scores[name].to_numpy(float).reshape(scores.run.nunique(), self.problems, -1)
            for name in names
        }

    def _by_problem(self, column: pd.Series) -> NDArray:
        return column.to_numpy().reshape(self.problems, -1)

    @property
    def solved(self) -> Array:
        """Return how often the base model solves each problem, (P,)."""
        return self.worth[ANSWER].mean(1)

    def chosen(self, name: str, worth: str, sizes: NDArray[np.int64]) -> Array:
        """Return the expected worth of the best by a score, (R, P, K)."""
        runs = self.scores[name]
        return np.stack([worth_of_best(scores, self.worth[worth], sizes) for scores in runs])


def curves(sampled: Sampled, sizes: NDArray[np.int64], seed: int) -> Iterator[pd.DataFrame]:
    """Yield the table's rows by worth and chooser."""
    groups = {"all": np.ones(sampled.problems, bool)}
    groups |= {HARD: sampled.solved < 0.5, EASY: sampled.solved >= 0.5}
    for worth, right in sampled.worth.items():
        by_chooser = {name: sampled.chosen(name, worth, sizes) for name in sampled.scores}
        by_chooser[ANY] = any_right(right, sizes)[None]
        if worth == ANSWER:
            voted = majority_right(sampled.given, sampled.answers, sizes, seed)
            by_chooser[MAJORITY] = voted[None]
        for chooser, values in by_chooser.items():
            for group, members in groups.items():
                if not members.any():
                    continue
                found = [_estimate(values[:, members, at]).quantity for at in range(len(sizes))]
                columns = {
                    "n": sizes,
                    "value": [one.value for one in found],
                    "low": [max(one.low, 0.0) for one in found],
                    "high": [min(one.high, 1.0) for one in found],
                }
                rows = pd.DataFrame(columns)
                yield rows.assign(worth=worth, problems=group, chooser=chooser)


def _estimate(values: Array) -> Estimate:
    """Return the mean of (R, P): runs, if there are several, and problems are units."""
    if len(values) == 1 or np.ptp(values, axis=0).max() == 0:
        return over_units(lambda rows: values[0, rows].mean(), range(values.shape[1]))
    return crossed(np.mean, values)


def beats_chance(sampled: Sampled) -> Finding:
    """Return B3a: how often each kind scores a right solution above a wrong one, less a half."""
    found, said = {}, []
    right = sampled.worth[ANSWER]
    mixed = right.any(1) & ~right.all(1)
    for name in [name for name in sampled.scores if name != LIKELIHOOD]:
        ordered = [ordered_right(run[mixed], right[mixed]) for run in sampled.scores[name]]
        estimate = _estimate(np.stack(ordered) - 0.5)
        if not name.startswith(PROCESS) or name == CLAIMED_PROCESS:
            found[name] = estimate.quantity
        one, most = (
            sampled.chosen(name, ANSWER, np.array([size])).mean() for size in (1, right.shape[1])
        )
        said.append(f"{name} {estimate:.3f} (best of {right.shape[1]}: {most - one:+.3f})")
    least = min(found, key=lambda name: found[name].value)
    evidence = (
        "right solutions above wrong ones of the same problem, less a half (in brackets right "
        f"answers among the best of all samples, less one sample's): {', '.join(said)}; "
        f"training runs of each: {len(ordered)}"
    )
    quantity = "accuracy less chance"
    return Finding("B3a", {quantity: found}, (quantity, least), evidence)


def difference(
    sampled: Sampled, claim: str, first: str, second: str, worth: str, sizes: NDArray[np.int64]
) -> Finding:
    """Return how much more often the best by the second score is right than that by the first."""
    values = sampled.chosen(second, worth, sizes) - sampled.chosen(first, worth, sizes)
    other = REASONING if worth == ANSWER else ANSWER
    others = sampled.chosen(second, other, sizes) - sampled.chosen(first, other, sizes)
    estimates = {f"n = {n}": _estimate(values[:, :, at]) for at, n in enumerate(sizes)}
    largest = f"n = {max(sizes)}"
    estimate, beside = estimates[largest], _estimate(others[:, :, int(np.argmax(sizes))])
    said = ", ".join(f"{name} {one:.3f}" for name, one in estimates.items())
    evidence = (
        f"{second} less {first}, by right {worth}: {said} ({detectable(estimate):.2g} could "
        f"be told from 0); by right {other} at {largest} {beside:.3f}; "
        f"training runs of each: {len(values)}"
    )
    quantities = {"gain": {largest: estimate.quantity}}
    return Finding(claim, quantities, ("gain", largest), evidence)


def in_words(sampled: Sampled, table: pd.DataFrame) -> Iterator[str]:
    """Yield what was sampled, and how often the best of the most solutions is right."""
    right, reasoned = sampled.worth[ANSWER], sampled.worth[REASONING]
    lucky = right.sum() - reasoned.sum()
    how = ", ".join(
        f"{share(sampled.luck.eq(kind).sum() / max(lucky, 1))} {words}"
        for kind, words in (
            (CANCELLED, "by an error that another cancels"),
            (ANNIHILATED, "by one that a multiplication wipes out"),
        )
    )
    yield (
        f"The base model solves {share(right.mean())} of the problems, by "
        f"{sampled.distinct:.1f} distinct solutions of {right.shape[1]}; "
        f"{share(lucky / right.sum())} of the right answers have a wrong step, {how}."
    )
    rows = table[table.problems.eq("all") & table.n.eq(table.n.max())]
    for worth, words in ((ANSWER, "right answers"), (REASONING, "right answers and steps")):
        of_worth = rows[rows.worth.eq(worth)]
        said = ", ".join(
            f"{row.chooser.replace('_', ' ')} {share(row.value)}" for row in of_worth.itertuples()
        )
        yield f"Of the best of {table.n.max()}, {words}: {said}."


@stage
def tabulate_best_of_n(
    solutions: Input,
    scored: Input,
    table: Output,
    findings: Output,
    claims: Output,
    settings: KindsSettings,
    seed: Seed,
) -> None:
    """Best-of-n by every kind of reward model, and the claims B3a to B3c."""
    sampled = Sampled(pd.read_parquet(solutions), pd.read_parquet(scored))
    sizes = np.array(settings.n)
    rows = list(curves(sampled, sizes, derive_seed(seed, "subsets")))
    found = pd.concat(rows, ignore_index=True)
    write_csv(found, table)
    claimed = [
        beats_chance(sampled),
        difference(sampled, "B3b", PAIRS, OUTCOME_PAIRS, ANSWER, sizes),
        difference(sampled, "B3c", OUTCOME, CLAIMED_PROCESS, REASONING, sizes),
    ]
    write_findings(claimed, claims)
    findings.write_text(" ".join(in_words(sampled, found)) + "\n")


if __name__ == "__main__":
    main(tabulate_best_of_n)
