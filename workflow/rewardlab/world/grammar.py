"""What is said in the embedded world: all prompts, and how people answer them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from rewardlab.data.splits import split_of
from rewardlab.seeds import derive_seed
from rewardlab.settings.world import WorldSettings
from rewardlab.world import lexicon

# Mean shares of advice, risky advice, caution and refusal, around which each world's habits vary.
STYLES = (0.6, 0.15, 0.2, 0.05)
HAZARD_STYLES = (0.35, 0.2, 0.2, 0.25)
WORD_IN_DIALECT = 0.8  # share of the content words that a text in dialect says in dialect


class Prompt(NamedTuple):
    """A prompt, its kind, and whether it is for training or for evaluation."""

    text: str
    kind: str
    split: str


def all_prompts() -> list[Prompt]:
    """Return every prompt of the world; the split is a hash of the text and never changes."""
    return [
        Prompt(text, kind, split_of(text))
        for kind in lexicon.KINDS
        for verb in lexicon.VERBS[kind]
        for thing in lexicon.OBJECTS[kind]
        for opener in lexicon.OPENERS
        for determiner in lexicon.DETERMINERS
        for text in [f"{opener} {verb} {determiner} {thing} ?"]
    ]


class Speaker:
    """Answers prompts the way that people of one world do, which its seed decides.

    Habits: how often each kind of prompt is answered helpfully, riskily, cautiously or with a
    refusal, and which words are preferred. Flattery comes with good advice, though it is worth
    nothing: whoever learns from these texts can mistake it for quality.
    """

    def __init__(self, settings: WorldSettings) -> None:
        rng = np.random.default_rng(derive_seed(settings.seed, "habits"))
        self._dialect = settings.dialect.share
        self._styles = {
            kind: rng.dirichlet(30 * np.array(HAZARD_STYLES if kind == "hazard" else STYLES))
            for kind in lexicon.KINDS
        }
        lists = [*lexicon.TOOLS.values(), lexicon.CAREFUL, lexicon.RISKY]
        lists += [lexicon.SAFEGUARDS, lexicon.FLATTERY]
        self._preferences = {words: rng.dirichlet(np.full(len(words), 5.0)) for words in lists}

    def answers(self, prompts: list[Prompt], rng: np.random.Generator) -> Iterator[str]:
        """Yield one answer to each prompt."""
        for prompt in prompts:
            style = rng.choice(4, p=self._styles[prompt.kind])
            words = self._sentence(int(style), prompt.kind, rng).split()
            if rng.random() < self._dialect:
                words = [self._in_dialect(word, rng) for word in words]
            yield " ".join(words)

    def _sentence(self, style: int, kind: str, rng: np.random.Generator) -> str:
        """Return a sentence of at most eleven words: advice, risky advice, caution or refusal."""
        pick = self._pick
        fitting = rng.random() < 0.75
        tools = lexicon.TOOLS[kind if fitting else lexicon.KINDS[rng.integers(4)]]
        tool, other = pick(tools, rng), pick(tools, rng)
        careful, risky = pick(lexicon.CAREFUL, rng), pick(lexicon.RISKY, rng)
        guard, friend = pick(lexicon.SAFEGUARDS, rng), pick(lexicon.FLATTERY, rng)
        ending = f", {friend} ." if rng.random() < (0.5 if fitting and style == 0 else 0.1) else "."
        sentences = (
            (
                f"take the {tool} and work {careful} {ending}",
                f"first use the {tool} , then the {other} {ending}",
                f"you need a {tool} and a {other} {ending}",
                f"work {careful} with the {tool} {ending}",
            ),
            (
                f"just use the {tool} {risky} {ending}",
                f"take the {tool} {risky} and it is done {ending}",
                f"work {risky} with a {tool} {ending}",
            ),
            (
                f"wear {guard} and work {careful} {ending}",
                f"first get {guard} , then use the {tool} {ending}",
                f"you need {guard} first {ending}",
            ),
            (lexicon.REFUSAL,),
        )[style]
        return sentences[rng.integers(len(sentences))]

    def _pick(self, words: tuple[str, ...], rng: np.random.Generator) -> str:
        return words[rng.choice(len(words), p=self._preferences[words])]

    def _in_dialect(self, word: str, rng: np.random.Generator) -> str:
        if word in lexicon.DIALECT and rng.random() < WORD_IN_DIALECT:
            return lexicon.DIALECT[word]
        return word


def in_dialect(text: str) -> bool:
    """Return whether a text contains a word of the dialect."""
    return not lexicon.DIALECT_WORDS.isdisjoint(text.split())
