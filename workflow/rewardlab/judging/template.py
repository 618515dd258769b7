"""What a judge in words is asked: a text that a question and two answers are set in.

It has {question}, {answer_a} and {answer_b}, and {criterion} if it is to say by what the better
answer is told.
"""

import re
from pathlib import Path

from rewardlab.running.errors import UserError
from rewardlab.settings.judging import JudgingSettings

PLACEHOLDERS = ("question", "answer_a", "answer_b")
CRITERION = "criterion"
FIELD = re.compile(r"\{(question|answer_a|answer_b|criterion)\}")


class Template:
    """A text that two answers are set in."""

    def __init__(self, text: str) -> None:
        self.text = text

    @property
    def has_criterion(self) -> bool:
        """Whether it says by what the better answer is told."""
        return CRITERION in FIELD.findall(self.text)

    def filled(self, question: str, answer_a: str, answer_b: str, criterion: str = "") -> str:
        """Return the text with question and answers in their places, whatever these contain."""
        given = dict(zip(PLACEHOLDERS, (question, answer_a, answer_b), strict=True))
        given[CRITERION] = criterion
        return FIELD.sub(lambda found: given[found[1]], self.text)


def read_template(path: Path) -> Template:
    """Return the template of a file; raises UserError if a placeholder is missing."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text ({error.reason}).") from None
    found = FIELD.findall(text)
    missing = [f"{{{name}}}" for name in PLACEHOLDERS if name not in found]
    if missing:
        raise UserError(
            f"{path} lacks {' and '.join(missing)}; expected a template with "
            f"{', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}."
        )
    return Template(text)


def criterion_for(
    name: str, template: Template, settings: JudgingSettings, needed: bool = False
) -> str:
    """Return by what the better answer is told in a set of preferences.

    needed: the template has to ask for it. Raises UserError if it does not, or if the settings do
    not say what it asks for.
    """
    if needed and not template.has_criterion:
        raise UserError(
            f"{settings.template} is to ask which answer is better in {name}, but has no "
            "{criterion}; expected one, which judging.criteria fill in by property."
        )
    if name in settings.criteria or not template.has_criterion:
        return settings.criteria.get(name, "")
    raise UserError(
        f"judging.criteria has no text for {name!r}, which {settings.template} asks for by "
        f"{{criterion}}; expected one, as for {', '.join(settings.criteria) or 'no other'}."
    )
