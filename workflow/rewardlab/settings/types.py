"""The base of all settings models, and the types of their fields."""

import re
from typing import Annotated, Any, ClassVar, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from rewardlab.running.validation import with_known_keys

# Patterns of texts.
NAME = r"^[a-z][a-z0-9_-]*$"
REPOSITORY = r"^[\w.-]+/[\w.-]+$"
REVISION = r"^[0-9a-f]{40}$"
SHA256 = r"^[0-9a-f]{64}$"
DECIMAL = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
INTEGER = r"^[+-]?\d+$"
WORDS = {"null": None, "true": True, "false": False}


def _with_nulls(value: Any) -> Any:
    """Return lists and dicts with None for the word null in them."""
    if isinstance(value, dict):
        return {key: None if part == "null" else _with_nulls(part) for key, part in value.items()}
    if isinstance(value, list):
        return [None if part == "null" else _with_nulls(part) for part in value]
    return value


class SettingsModel(BaseModel):
    """Settings of one chapter or stage: unknown keys, and values of another type, are refused."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )
    renamed: ClassVar[dict[str, str]] = {}
    """Keys that the section had once, and what they are called now."""

    @field_validator("*", mode="before")
    @classmethod
    def _take_plain(cls, value: Any, info: ValidationInfo) -> Any:
        """Take the lists of YAML and JSON for tuples.

        And words for what they mean: those of a nested --config come as texts.
        """
        value = _with_nulls(value)
        if isinstance(value, str) and value in WORDS:
            meant, annotation = WORDS[value], cls.model_fields[info.field_name].annotation
            if type(meant) in (annotation, *get_args(annotation)):
                return meant
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="wrap")
    @classmethod
    def _name_known_keys(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(value)
        except ValidationError as error:
            raise with_known_keys(error, cls.model_fields, cls.renamed) from None


def _matching(pattern: str, description: str) -> Any:
    """Return a type of texts that match, whose error says what was expected in words."""

    def check(text: str) -> str:
        if not re.search(pattern, text):
            raise ValueError(description)
        return text

    return Annotated[
        str, AfterValidator(check), WithJsonSchema({"type": "string", "pattern": pattern})
    ]


def number_of(value: object) -> object:
    """Take a number that was read as a text: YAML does so with 1e-5, and --config when nested."""
    return float(value) if isinstance(value, str) and re.match(DECIMAL, value) else value


def _integer(value: object) -> object:
    return int(value) if isinstance(value, str) and re.match(INTEGER, value) else value


def _number_schema(**bounds: float) -> WithJsonSchema:
    text = {"type": "string", "pattern": DECIMAL}
    return WithJsonSchema({"anyOf": [{"type": "number", **bounds}, text]})


Number = Annotated[float, BeforeValidator(number_of), _number_schema()]
Positive = Annotated[
    float, BeforeValidator(number_of), Field(gt=0), _number_schema(exclusiveMinimum=0)
]
NonNegative = Annotated[float, BeforeValidator(number_of), Field(ge=0), _number_schema(minimum=0)]
AtLeastOne = Annotated[float, BeforeValidator(number_of), Field(ge=1), _number_schema(minimum=1)]
Probability = Annotated[
    float, BeforeValidator(number_of), Field(ge=0, le=1), _number_schema(minimum=0, maximum=1)
]
OpenProbability = Annotated[
    float,
    BeforeValidator(number_of),
    Field(gt=0, lt=1),
    _number_schema(exclusiveMinimum=0, exclusiveMaximum=1),
]


def _unique(values: tuple[Any, ...]) -> tuple[Any, ...]:
    doubled = [value for value in values if values.count(value) > 1]
    if doubled:
        raise ValueError(f"each once, but {doubled[0]!r} stands there twice")
    return values


Unique = AfterValidator(_unique)
"""A list in which nothing stands twice."""

Name = _matching(NAME, "a name of small letters, digits, - and _")
Repository = _matching(REPOSITORY, "owner/name")
Revision = _matching(REVISION, "a commit of 40 hexadecimal digits")
Url = _matching(r"^https?://[^\s/]+", "an address that begins with http:// or https://")
Checksum = _matching(SHA256, "a checksum of 64 hexadecimal digits")
Integer = Annotated[int, BeforeValidator(_integer)]
Count = Annotated[Integer, Field(ge=1)]
Seed = Annotated[Integer, Field(ge=0)]
