"""What reward models on solutions learn from, and the best of n that they choose."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewardlab.evaluation.best_of_n import (
    any_right,
    majority_right,
    ordered_right,
    worth_of_best,
)
from rewardlab.rewards.solutions import (
    IGNORED,
    Solved,
    encode_solutions,
    matched_pairs,
    outcome_labels,
    step_labels,
    verdict_rows,
)
from rewardlab.running.errors import UserError
from rewardlab.settings.reasoning import POSITIONS
from rewardlab.world.arithmetic import SEPARATORS, vocabulary
from rewardlab.world.language_model import word_tokenizer

TOKENIZER = word_tokenizer(vocabulary(), POSITIONS)
ENDS = set(TOKENIZER.convert_tokens_to_ids(list(SEPARATORS)))
SOLVED = encode_solutions(TOKENIZER, ["1 a + 1 ?"], ["a 1 + 1 = 2 . answer 2"])
NOT = IGNORED


def test_rows_begin_with_the_problem_and_close():
    (row,), (start,) = SOLVED
    assert TOKENIZER.convert_ids_to_tokens(row)[start - 1 : start + 2] == ["?", "a", "1"]
    assert row[-1] == TOKENIZER.eos_token_id


def test_outcomes_stand_at_every_token_of_the_solution():
    assert outcome_labels(SOLVED, [1]) == [[NOT] * 5 + [1] * 10]


def test_steps_are_labelled_where_they_end():
    ((*labels,),) = step_labels(SOLVED, ENDS, [[0]])
    assert [at for at, label in enumerate(labels) if label != NOT] == [11]
    assert TOKENIZER.convert_ids_to_tokens(SOLVED.rows[0])[11] == "."
    two = encode_solutions(TOKENIZER, ["?"], ["a 1 ; b 2 . c"])
    assert [label for label in step_labels(two, ENDS, [[1, 0]])[0] if label != NOT] == [1, 0]
    # One that breaks off within a step has its last label at the end.
    labels = step_labels(two, ENDS, [[1, 1, 0]])[0]
    assert labels[-1] == 0
    with pytest.raises(UserError, match=r"solution 0 .* has 4 step labels, but 2 steps"):
        step_labels(two, ENDS, [[1, 1, 1, 1]])


def test_a_verdict_counts_alone():
    rows, labels = verdict_rows(Solved([[5, 6, 7]], [1]), [9], (2, 3), [1])
    assert rows == [[5, 6, 9, 3]]
    assert labels == [[NOT, NOT, NOT, 3]]


def test_every_solution_stands_in_a_pair():
    pairs = matched_pairs(["p", "p", "p", "q", "q", "r"], [True, False, False, True, True, False])
    assert pairs == [(0, 1), (0, 2)]


scores = st.lists(st.integers(0, 3), min_size=5, max_size=5)
worths = st.lists(st.booleans(), min_size=5, max_size=5)


@given(scores, worths, st.integers(1, 5))
def test_the_best_of_n_is_the_mean_over_all_subsets(given_scores, worth, size):
    found = worth_of_best(np.array([given_scores], float), np.array([worth]), np.array([size]))[
        0, 0
    ]
    by_hand = []
    for subset in itertools.combinations(range(5), size):
        best = max(given_scores[at] for at in subset)
        tied = [worth[at] for at in subset if given_scores[at] == best]
        by_hand.append(np.mean(tied))
    # Of a tie within a subset each is taken as often; over all subsets that is what is shared.
    assert found == pytest.approx(np.mean(by_hand))


@given(worths, st.integers(1, 5))
def test_one_of_n_is_right(worth, size):
    subsets = list(itertools.combinations(worth, size))
    by_hand = np.mean([any(subset) for subset in subsets])
    assert any_right(np.array([worth]), np.array([size]))[0, 0] == pytest.approx(by_hand)


def test_majorities():
    answers = np.array([[1, 1, 2, -1], [0, 0, 3, 3]])
    found = majority_right(answers, np.array([1, 3]), [4], seed=0)
    assert found.tolist() == [[1.0], [0.5]]
    none = majority_right(np.array([[-1, -1, -1, 1]]), np.array([0]), [3], seed=0)
    assert none.tolist() == [[0.0]]
    one = majority_right(answers, np.array([1, 3]), [1], seed=0)
    assert one[0, 0] == pytest.approx(0.5, abs=0.1)


def test_right_above_wrong():
    found = ordered_right(
        np.array([[3.0, 1.0, 2.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]),
        np.array([[True, False, False], [True, False, True], [True, True, True]]),
    )
    assert found[:2].tolist() == [1.0, 0.5]
    assert np.isnan(found[2])
