"""Keeps the libraries' own progress bars and advice off the terminal; errors still come through."""


def quieten() -> None:
    """Silence transformers and datasets; their warnings are not for the user of a stage."""
    import datasets
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    datasets.disable_progress_bars()
