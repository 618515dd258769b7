"""The world whose steps can be checked."""

import numpy as np
import pytest

from rewardlab.running.errors import UserError
from rewardlab.settings.reasoning import ReasoningSettings
from rewardlab.world import arithmetic
from rewardlab.world.arithmetic import Problem, Pupil, check, draw_problems, problem_of

WORLD = ReasoningSettings(
    seed=0, steps=(3, 6), operands=(0, 9), slips=0.1, misconceptions=0.05, held=0.8
)
PROBLEM = Problem(7, (("+", 5), ("-", 3), ("*", 4)))


def test_a_problem_and_its_answer():
    assert PROBLEM.text == "7 a + 5 b - 3 c * 4 ?"
    assert problem_of(PROBLEM.text) == PROBLEM
    assert PROBLEM.answer == 6  # 7 + 5 = 2, 2 - 3 = 9, 9 * 4 = 6
    with pytest.raises(ValueError, match="not a problem of the arithmetic world: 'how do i'"):
        problem_of("how do i")


@pytest.mark.parametrize(
    ("solution", "steps", "is_right", "luck"),
    [
        ("a 7 + 5 = 2 ; b 2 - 3 = 9 ; c 9 * 4 = 6 . answer 6", (1, 1, 1), True, None),
        ("a 7 + 5 = 2 ; b 2 - 3 = 8 ; c 8 * 4 = 2 . answer 2", (1, 0, 1), False, None),
        # 8 * 4 = 2, but 6 is written: two errors that cancel.
        ("a 7 + 5 = 2 ; b 2 - 3 = 8 ; c 8 * 4 = 6 . answer 6", (1, 0, 0), True, "cancelled"),
        # 4 * 4 is 6 as well: the multiplication wipes the error out.
        ("a 7 + 5 = 2 ; b 2 - 3 = 4 ; c 4 * 4 = 6 . answer 6", (1, 0, 1), True, "annihilated"),
        # Another operation than the problem's, another number than was written, and no end.
        ("a 7 + 5 = 2 ; b 2 + 3 = 5 ; c 5 * 4 = 0 . answer 0", (1, 0), False, None),
        ("a 7 + 5 = 2 ; b 3 - 3 = 0 ; c 0 * 4 = 0 . answer 0", (1, 0), False, None),
        ("a 7 + 5 = 2 ; b 2 - 3 = 9", (1, 0), False, None),
        ("a 7 + 5 = 2 ; b 2 - 3 = 9 ; c 9 * 4 = 6 . answer 7", (1, 1, 1), False, None),
        ("", (0,), False, None),
    ],
)
def test_what_is_right_in_a_solution(solution, steps, is_right, luck):
    found = check(PROBLEM, solution)
    assert found.steps == tuple(map(bool, steps))
    assert (found.is_right, found.luck) == (is_right, luck)
    assert found.all_right == (is_right and all(steps))


def test_an_answer_that_has_to_be_right():
    """Times zero at the end: every error before is wiped out."""
    problem = Problem(1, (("+", 1), ("*", 0)))
    assert check(problem, "a 1 + 1 = 3 ; b 3 * 0 = 0 . answer 0").luck == arithmetic.ANNIHILATED


def test_problems_are_distinct():
    rng = np.random.default_rng(0)
    world = WORLD.model_copy(update={"steps": (1, 2), "operands": (2, 5)})
    first = draw_problems(200, world, rng)
    assert len(set(first)) == 200
    assert {operand for problem in first for _, operand in problem.operations} == {2, 3, 4, 5}
    one = world.model_copy(update={"steps": (1, 1)})
    with pytest.raises(UserError, match=r"61 distinct problems are asked for .* there are 120;"):
        draw_problems(61, one, rng)
    assert {len(problem.operations) for problem in first} == {1, 2}


def test_a_pupil_slips_and_holds_wrong_facts():
    pupil, rng = Pupil(WORLD), np.random.default_rng(0)
    assert len(pupil.misconceptions) == 15
    assert all(arithmetic.apply(*fact) != result for fact, result in pupil.misconceptions.items())
    fact, wrong = next(iter(pupil.misconceptions.items()))
    written = [pupil.result(fact, rng) for _ in range(4000)]
    assert written.count(wrong) / 4000 == pytest.approx(0.8 + 0.2 * 0.1 / 9, abs=0.03)
    sound = next(
        fact for a in range(10) for fact in [(a, "+", 3)] if fact not in pupil.misconceptions
    )
    right = [pupil.result(sound, rng) for _ in range(4000)].count(arithmetic.apply(*sound))
    assert right / 4000 == pytest.approx(0.9, abs=0.03)
    problems = draw_problems(50, WORLD, rng)
    for problem, solution in zip(problems, pupil.solutions(problems, rng), strict=True):
        assert len(check(problem, solution).steps) == len(problem.operations)


def test_the_answer_stands_behind_its_word():
    assert arithmetic.answer_of("a 7 + 5 = 2 . answer 2") == "2"
    assert arithmetic.answer_of("a 7 + 5 = 2") == ""
