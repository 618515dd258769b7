"""The one exception whose message is meant for the user as it stands."""


class UserError(Exception):
    """Bad input. The message is one sentence: where, what was found, what was expected."""
