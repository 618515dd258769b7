"""A world whose steps can be checked: chains of single-digit arithmetic modulo ten.

A problem "7 a + 5 b - 3 c * 4 ?" names its operations, and is worked from left to right, one a
step, each on the result that was written before: "a 7 + 5 = 2 ; b 2 - 3 = 9 ; c 9 * 4 = 6 . answer
6". People slip at random, and hold some wrong facts, which they write in most places: these no vote
among their answers corrects.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rewardlab.running.errors import UserError
from rewardlab.seeds import derive_seed
from rewardlab.settings.reasoning import ReasoningSettings

DIGITS = tuple(map(str, range(10)))
OPERATIONS = ("+", "-", "*")
ASK, EQUALS, NEXT, LAST, ANSWER = "?", "=", ";", ".", "answer"
YES, NO = "yes", "no"  # verdicts of a judge on a solution
RIGHT = "right"  # asks for one
SEPARATORS = (NEXT, LAST)
NAMES = ("a", "b", "c", "d", "e", "f")  # of operations, which steps find them by
PROMPT = re.compile(r"\d( [a-f] [-+*] \d)+ \?")
STEP = 7  # words of a step with its separator

# How a right answer comes of a solution with a wrong step.
CANCELLED, ANNIHILATED = "cancelled", "annihilated"


class Problem(NamedTuple):
    """The first number, and the operations on it, each with its operand."""

    first: int
    operations: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        """Return the prompt."""
        parts = [
            f"{name} {operation} {operand}"
            for name, (operation, operand) in zip(NAMES, self.operations, strict=False)
        ]
        return " ".join([str(self.first), *parts, ASK])

    @property
    def answer(self) -> int:
        """Return the last result of the right steps."""
        value = self.first
        for operation, operand in self.operations:
            value = apply(value, operation, operand)
        return value


def apply(value: int, operation: str, operand: int) -> int:
    """Return the result of one operation, modulo ten."""
    if operation == "+":
        return (value + operand) % 10
    return (value - operand) % 10 if operation == "-" else value * operand % 10


def problem_of(prompt: str) -> Problem:
    """Return the problem that a prompt states; raises ValueError if it states none."""
    if not PROMPT.fullmatch(prompt):
        raise ValueError(f"not a problem of the arithmetic world: {prompt!r}")
    words = prompt.split()
    parts = zip(words[2:-1:3], words[3:-1:3], strict=True)
    return Problem(int(words[0]), tuple((operation, int(operand)) for operation, operand in parts))


def random_problems(world: ReasoningSettings, rng: np.random.Generator) -> Iterator[Problem]:
    """Yield problems of the world without end."""
    (fewest, most), (least, greatest) = world.steps, world.operands
    while True:
        length = int(rng.integers(fewest, most + 1))
        operations = rng.choice(OPERATIONS, length).tolist()
        operands = rng.integers(least, greatest + 1, size=length).tolist()
        first = int(rng.integers(10))
        yield Problem(first, tuple(zip(operations, operands, strict=True)))


def draw_problems(count: int, world: ReasoningSettings, rng: np.random.Generator) -> list[Problem]:
    """Return distinct problems; raises UserError if half of those that there are do not suffice."""
    (fewest, most), (least, greatest) = world.steps, world.operands
    choices = len(OPERATIONS) * (greatest - least + 1)
    there_are = sum(10 * choices**length for length in range(fewest, most + 1))
    if count > there_are // 2:
        raise UserError(
            f"{count} distinct problems are asked for (kinds), but of {fewest} to {most} steps "
            f"(reasoning.steps) there are {there_are}; expected at most half of them."
        )
    found: dict[Problem, None] = {}
    for problem in random_problems(world, rng):
        if len(found) == count:
            break
        found[problem] = None
    return list(found)


Fact = tuple[int, str, int]


def all_facts(world: ReasoningSettings) -> list[Fact]:
    """Return every operation on two numbers that the world has."""
    least, greatest = world.operands
    return [
        (first, operation, second)
        for operation in OPERATIONS
        for first in range(10)
        for second in range(least, greatest + 1)
    ]


class Pupil:
    """Solves problems as people of this world do: with slips, and with facts learned wrongly."""

    def __init__(self, settings: ReasoningSettings) -> None:
        rng = np.random.default_rng(derive_seed(settings.seed, "misconceptions"))
        self.settings = settings
        facts = all_facts(settings)
        wrong = rng.choice(len(facts), round(settings.misconceptions * len(facts)), replace=False)
        self.misconceptions: dict[Fact, int] = {
            facts[index]: int((apply(*facts[index]) + rng.integers(1, 10)) % 10) for index in wrong
        }

    def result(self, fact: Fact, rng: np.random.Generator) -> int:
        """Return what is written behind a fact's equals sign."""
        right = apply(*fact)
        if fact in self.misconceptions and rng.random() < self.settings.held:
            return self.misconceptions[fact]
        if rng.random() < self.settings.slips:
            return int((right + rng.choice((-1, 1))) % 10)
        return right

    def solutions(self, problems: Sequence[Problem], rng: np.random.Generator) -> Iterator[str]:
        """Yield a solution of each problem."""
        for problem in problems:
            value, steps = problem.first, []
            for name, (operation, operand) in zip(NAMES, problem.operations, strict=False):
                result = self.result((value, operation, operand), rng)
                steps.append(f"{name} {value} {operation} {operand} {EQUALS} {result}")
                value = result
            yield f"{f' {NEXT} '.join(steps)} {LAST} {ANSWER} {value}"


class Checked(NamedTuple):
    """Which steps of a solution are right, by its separators; and whether its answer is.

    A solution that is written in no step's form ends with a wrong step. luck: how the right answer
    came about in spite of a wrong step; None where there is no wrong step, or no right answer.
    """

    steps: tuple[bool, ...]
    is_right: bool
    luck: str | None

    @property
    def all_right(self) -> bool:
        """Return whether the answer is right, and all steps are."""
        return self.is_right and all(self.steps)


def check(problem: Problem, solution: str) -> Checked:
    """Return what is right in a solution.

    A step is right if it applies the problem's next operation to the result that was written last.
    """
    words = solution.split()
    written = true = problem.first
    steps, luck = [], None
    count = len(problem.operations)
    for number, (operation, operand) in enumerate(problem.operations):
        step = words[STEP * number : STEP * (number + 1)]
        separator = LAST if number == count - 1 else NEXT
        form = [NAMES[number], str(written), operation, str(operand), EQUALS]
        if step[:5] != form or len(step) < STEP or step[5] not in DIGITS or step[6] != separator:
            return Checked((*steps, False), False, None)
        result, before = int(step[5]), written != true
        steps.append(result == apply(written, operation, operand))
        written, true = result, apply(true, operation, operand)
        if before and written == true:
            luck = ANNIHILATED if steps[-1] else CANCELLED
    given = words[STEP * count :]
    is_right = given == [ANSWER, str(problem.answer)]
    return Checked(tuple(steps), is_right, luck if is_right else None)


def longest_solution(world: ReasoningSettings) -> int:
    """Return how many tokens a solution has at most, with its end."""
    return STEP * world.steps[1] + 3


def answer_of(solution: str) -> str:
    """Return the answer that a solution gives: what stands behind `answer`, or nothing."""
    words = solution.split()
    return words[-1] if len(words) > 1 and words[-2] == ANSWER else ""


def vocabulary() -> tuple[str, ...]:
    """Return every word once, in a fixed order."""
    marks = (ASK, EQUALS, NEXT, LAST, ANSWER, RIGHT, YES, NO)
    return (*DIGITS, *OPERATIONS, *NAMES, *marks)
