"""Says what is wrong with --configfile and --config before Snakemake reads them.

Snakemake loads configuration files before the Snakefile, so that nothing there can help where one
cannot be read: its own message is a traceback, or names no file. It imports every installed logger
plugin first, which is why this one is one. As a logger it is of no use.
"""

import sys

from snakemake_interface_logger_plugins.base import LogHandlerBase


class LogHandler(LogHandlerBase):
    """Writes nothing."""

    writes_to_stream = writes_to_file = has_filter = has_formatter = needs_rulegraph = False

    def emit(self, record) -> None:
        """Drop the record."""


def check_command_line() -> None:
    """End with one sentence if an option of this process cannot be read."""
    from rewardlab.running.command_line import check_options, is_snakemake
    from rewardlab.running.errors import UserError

    if not is_snakemake(sys.argv):
        return
    try:
        check_options(sys.argv[1:])
    except UserError as error:
        sys.exit(str(error))
    # The Snakefile imports the library that stands beside it, which may be another copy than this.
    for name in [name for name in sys.modules if name.partition(".")[0] == "rewardlab"]:
        del sys.modules[name]


check_command_line()
