"""Losses and kinds of reward model: the chapter of the RLHF book."""

from rewardlab import inputs

# The embedded world alone says what annotators would have said of any response.
BOOK = GOLD and SAMPLED
BOOK_INPUT = {
    "trunk": REWARD_TRUNK,
    "train": "<results>/responses/pool_train.parquet",
    "evaluation": "<results>/responses/pool_evaluation.parquet",
}
BOOK_SETTINGS = {
    "world": "world",
    "heldout": "book.heldout",
    "model": "book.model",
    "max_length": "rewards.max_length",
}


TRIALS = lambda config, wildcards: config.book.seeds


use rule job as claims_book with:
    """What the forms of the loss say for the claims B1 and B2a."""
    output:
        findings="<results>/claims/book.csv",
    log:
        "<logs>/claims_book.log",
    params:
        **stage("claims.book"),


use rule job as compare_losses with:
    """Reward models by each loss, from the same annotations."""
    input:
        **BOOK_INPUT,
    output:
        **table("book/losses"),
        claims="<results>/claims/book_losses.csv",
    log:
        "<logs>/compare_losses.log",
    params:
        **stage(
            "book.compare_losses",
            settings={**BOOK_SETTINGS, "settings": "book.losses"},
            trials=TRIALS,
            seed=["compare_losses"],
        ),


use rule figure as draw_book_losses with:
    """Held-out accuracy and calibration by loss."""
    pathvars:
        item="book/losses",
    params:
        **figure("book.losses", BOOK_CHAPTER, "Losses", BOOK),


use rule job as compare_epochs with:
    """Reward models after every epoch, and with comparisons of a prompt kept together or spread."""
    input:
        **BOOK_INPUT,
    output:
        **table("book/epochs"),
        claims="<results>/claims/book_epochs.csv",
    log:
        "<logs>/compare_epochs.log",
    params:
        **stage(
            "book.compare_epochs",
            settings={**BOOK_SETTINGS, "settings": "book.passes", "batches": "book.batches"},
            trials=TRIALS,
            seed=["compare_epochs"],
        ),


use rule figure as draw_book_epochs with:
    """Held-out loss over epochs, and pairs of a prompt in one batch or in many."""
    pathvars:
        item="book/epochs",
    params:
        **figure("book.epochs", BOOK_CHAPTER, "Epochs and batches", BOOK),


use rule job as tabulate_calibration with:
    """Whether rewards are the logits of being chosen."""
    input:
        **BOOK_INPUT,
        pool="<results>/pools/sampled.parquet",
    output:
        **table("book/calibration"),
        claims="<results>/claims/book_calibration.csv",
    log:
        "<logs>/tabulate_calibration.log",
    params:
        **stage(
            "book.tabulate_calibration",
            settings={
                "world": "world",
                "settings": "book.calibration",
                "max_length": "rewards.max_length",
            },
            name=lambda config, wildcards: config.aggregation.properties[0],
            seed=["tabulate_calibration"],
        ),


use rule figure as draw_book_calibration with:
    """Whether a reward is the logit of the probability that a text is chosen."""
    pathvars:
        item="book/calibration",
    params:
        **figure("book.calibration", BOOK_CHAPTER, "Calibration", BOOK),


use rule job as train_reasoning_model with:
    """The arithmetic world's base language model."""
    output:
        model=directory("<results>/models/reasoning"),
        manifest="<results>/models/reasoning.json",
        provenance="<results>/models/reasoning_provenance.json",
    log:
        "<logs>/train_reasoning_model.log",
    params:
        **stage(
            "reasoning.train_language_model",
            settings={"world": "reasoning", "settings": "reasoning_model"},
            seed=["train_reasoning_model"],
        ),


use rule job as sample_solutions with:
    """Checked solutions of the base model to problems for training and for evaluation."""
    input:
        model="<results>/models/reasoning.json",
    output:
        **recorded(solutions="<results>/reasoning/solutions.parquet"),
    log:
        "<logs>/sample_solutions.log",
    params:
        **stage(
            "reasoning.sample_solutions",
            settings={"world": "reasoning", "settings": "kinds"},
            seed=["sample_solutions"],
        ),


use rule job as train_verifiers with:
    """Reward models of every kind, on the same solutions."""
    input:
        model="<results>/models/reasoning.json",
        solutions="<results>/reasoning/solutions.parquet",
    output:
        models=directory("<results>/models/verifiers"),
        manifest="<results>/models/verifiers.json",
        measured="<results>/costs/verifiers_measured.csv",
        provenance="<results>/models/verifiers_provenance.json",
    log:
        "<logs>/train_verifiers.log",
    params:
        **stage(
            "reasoning.train_verifiers",
            settings="kinds.training",
            runs=lambda config, wildcards: config.kinds.runs,
            seed=["train_verifiers"],
        ),


use rule job as score_solutions with:
    """What every reward model says of the evaluation problems' solutions."""
    input:
        model="<results>/models/reasoning.json",
        models="<results>/models/verifiers.json",
        solutions="<results>/reasoning/solutions.parquet",
    output:
        **recorded(
            scored="<results>/reasoning/scores.parquet",
            shown="<results>/reasoning/examples.csv",
        ),
    log:
        "<logs>/score_solutions.log",
    params:
        **stage("reasoning.score_solutions", runs=lambda config, wildcards: config.kinds.runs),


use rule job as tabulate_best_of_n with:
    """Problems solved by the best of n solutions, by the reward model that chooses."""
    input:
        solutions="<results>/reasoning/solutions.parquet",
        scored="<results>/reasoning/scores.parquet",
    output:
        **table("book/best_of_n"),
        claims="<results>/claims/book_best_of_n.csv",
    log:
        "<logs>/tabulate_best_of_n.log",
    params:
        **stage("reasoning.tabulate_best_of_n", settings="kinds", seed=["tabulate_best_of_n"]),


use rule figure as draw_book_best_of_n with:
    """Problems solved by the best of n solutions, by kind of reward model."""
    pathvars:
        item="book/best_of_n",
    params:
        **figure("book.best_of_n", BOOK_CHAPTER, "Best of n"),


use rule job as tabulate_kinds with:
    """What kinds of reward model say along a solution, and what is expected from there on."""
    input:
        model="<results>/models/reasoning.json",
        models="<results>/models/verifiers.json",
        solutions="<results>/reasoning/solutions.parquet",
        examples="<results>/reasoning/examples.csv",
    output:
        **table("book/kinds"),
        claims="<results>/claims/book_kinds.csv",
    log:
        "<logs>/tabulate_kinds.log",
    params:
        **stage(
            "reasoning.tabulate_kinds",
            settings={"world": "reasoning", "settings": "kinds"},
            seed=["tabulate_kinds"],
        ),


use rule figure as draw_book_kinds with:
    """What kinds of reward model say of the same solutions, token by token."""
    pathvars:
        item="book/kinds",
    params:
        **figure("book.kinds", BOOK_CHAPTER, "Kinds of reward model"),


use rule job as read_steps with:
    """Solutions with labels of their steps, from their source."""
    input:
        source="<results>/sources/steps.{name}.json",
    output:
        **recorded(steps="<results>/steps/{name}.parquet"),
    log:
        "<logs>/read_steps_{name}.log",
    wildcard_constraints:
        name=one_of(SETTINGS.data.steps),
    params:
        **stage(
            "steps.read",
            settings={"splits": "data.splits"},
            columns=lambda config, wildcards: config.data.steps[wildcards.name].columns,
        ),


use rule job as train_process_model with:
    """A process reward model on step labels."""
    input:
        trunk=REWARD_TRUNK,
        steps="<results>/steps/{name}.parquet",
    output:
        model=directory("<results>/models/process_{name}"),
        manifest="<results>/models/process_{name}.json",
        measured="<results>/costs/process_{name}_measured.csv",
        provenance="<results>/models/process_{name}_provenance.json",
    log:
        "<logs>/train_process_model_{name}.log",
    wildcard_constraints:
        name=one_of(SETTINGS.data.steps),
    resources:
        runtime=more(1440),
    params:
        **stage("steps.train", settings="book.process", seed=["train_process_model", "{name}"]),


use rule job as tabulate_steps with:
    """How process reward models do on held-out steps."""
    input:
        models=expand("<results>/models/process_{name}.json", name=SETTINGS.data.steps),
        steps=expand("<results>/steps/{name}.parquet", name=SETTINGS.data.steps),
    output:
        **table("book/steps"),
    log:
        "<logs>/tabulate_steps.log",
    params:
        **stage(
            "steps.tabulate",
            settings="book.process",
            names=lambda config, wildcards: list(config.data.steps),
        ),


use rule figure as draw_book_steps with:
    """Process reward models on step labels of your own (data.steps)."""
    pathvars:
        item="book/steps",
    params:
        **figure("book.bars", BOOK_CHAPTER, "Steps", bool(SETTINGS.data.steps)),
