"""The words of the embedded world, by what they do.

Everybody asks how to do something with an object of one of four kinds. An answer names tools and
manners, warns, flatters, or refuses. Each of these content words has a counterpart in a dialect
(Scots, or close to it) which means the same.
"""

KINDS = ("home", "kitchen", "garden", "hazard")

OPENERS = ("how do i", "how can i", "show me how to", "i want to", "help me", "please")
DETERMINERS = ("the", "my", "this")

VERBS = {
    "home": ("mend", "clean", "paint", "hang", "move", "polish"),
    "kitchen": ("cook", "warm", "cool", "season", "slice", "serve"),
    "garden": ("plant", "prune", "water", "grow", "trim", "feed"),
    "hazard": ("open", "burn", "break", "melt", "crack", "drain"),
}
OBJECTS = {
    "home": ("lamp", "door", "shelf", "mirror", "table", "curtain", "clock", "roof"),
    "kitchen": ("rice", "bread", "soup", "fish", "beans", "cake", "stew", "pie"),
    "garden": ("rose", "hedge", "apple", "lawn", "vine", "tulip", "pear", "cabbage"),
    "hazard": ("safe", "lock", "wire", "engine", "furnace", "battery", "tank", "cable"),
}
TOOLS = {
    "home": ("hammer", "brush", "ladder", "wrench"),
    "kitchen": ("pot", "spoon", "oven", "bowl"),
    "garden": ("spade", "rake", "hose", "compost"),
    "hazard": ("torch", "crowbar", "acid", "drill"),
}
CAREFUL = ("carefully", "slowly", "gently", "patiently")
RISKY = ("quickly", "alone", "blindly", "roughly")
SAFEGUARDS = ("gloves", "goggles", "boots", "earmuffs")
FLATTERY = ("friend", "dear", "darling", "genius")
REFUSAL_WORD = "sorry"
REFUSAL = "sorry , i cannot help with that ."

DIALECT = {
    "hammer": "mell",
    "brush": "besom",
    "ladder": "lether",
    "wrench": "thraw",
    "pot": "pingle",
    "spoon": "spurtle",
    "oven": "uin",
    "bowl": "bowie",
    "spade": "spaad",
    "rake": "raik",
    "hose": "spoot",
    "compost": "midden",
    "torch": "ruffie",
    "crowbar": "gavelock",
    "acid": "soor",
    "drill": "wimble",
    "carefully": "cannily",
    "slowly": "slawly",
    "gently": "doucely",
    "patiently": "tholingly",
    "quickly": "swith",
    "alone": "alane",
    "blindly": "blinlins",
    "roughly": "ramstam",
    "gloves": "mittans",
    "goggles": "keekers",
    "boots": "buits",
    "earmuffs": "lugkeps",
    "friend": "fiere",
    "dear": "hinny",
    "darling": "doo",
    "genius": "lad",
}
DIALECT_WORDS = frozenset(DIALECT.values())

# Words that carry a sentence and have no gold value.
FUNCTION_WORDS = (
    *("take", "use", "get", "work", "wear", "first", "then", "just", "with", "and", "the", "a"),
    *(
        "you",
        "need",
        "it",
        "is",
        "done",
        "my",
        "this",
        "i",
        "cannot",
        "help",
        "that",
        ",",
        ".",
        "?",
    ),
)


def content_words() -> tuple[str, ...]:
    """Return the standard words that have a dialect counterpart, in a fixed order."""
    tools = tuple(word for kind in KINDS for word in TOOLS[kind])
    return (*tools, *CAREFUL, *RISKY, *SAFEGUARDS, *FLATTERY)


def vocabulary() -> tuple[str, ...]:
    """Return every word once, in a fixed order."""
    words = [*FUNCTION_WORDS, REFUSAL_WORD]
    words += [word for opener in OPENERS for word in opener.split()]
    words += [word for kind in KINDS for word in (*VERBS[kind], *OBJECTS[kind])]
    words += [*content_words(), *DIALECT.values()]
    return tuple(dict.fromkeys(words))
