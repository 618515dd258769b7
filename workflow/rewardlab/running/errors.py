"""What ends a stage with one sentence instead of a traceback."""

import errno
import re


class UserError(Exception):
    """Bad input. The message is one sentence: where, what was found, what was expected."""


# How libraries that write files in other languages pass on that the disk is full.
FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
REFUSED = {
    errno.EACCES,
    errno.EEXIST,
    errno.EPERM,
    errno.EROFS,
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ENAMETOOLONG,
    errno.EMFILE,
    errno.EIO,
}


def of_the_machine(error: BaseException) -> str | None:
    """Return a sentence if a file could not be read or written, for no fault of the code."""
    if found := FULL.search(str(error)):
        reason = found[0][0].upper() + found[0][1:]
        return f"{reason}; nothing was left half-written. Make room, then run again."
    if isinstance(error, OSError) and error.errno in REFUSED:
        where = f" ({error.filename})" if error.filename else ""
        return f"{error.strerror}{where}."
    return None
