"""Judges that answer in words: on held-out pairs, and on what methods choose and policies say."""

from rewardlab import inputs, judge_inputs
from rewardlab.settings.data import EndpointSettings

# The embedded judge speaks the world's language alone.
JUDGES = SETTINGS.data.judge != "embedded" or EMBEDDED_WORLD
# Jobs of these stages have no model of their own where a server answers.
ASKS_A_SERVER = {"stages.judging.judge_pairs", "stages.judging.judge_drawn"}
if SETTINGS.policies.judge == "generative":
    ASKS_A_SERVER |= {"stages.rewards.judge", "stages.rewards.tabulate_judges"}
if not isinstance(SETTINGS.data.judge, EndpointSettings):
    ASKS_A_SERVER = set()
JUDGED = RUNS.path("<results>/preferences/{config.rewards.shown}.parquet")


use rule job as tune_judge with:
    """The world's language model with room for two answers, tuned to give verdicts."""
    input:
        model=LANGUAGE_MODEL,
        preferences="<results>/preferences/{set}.parquet",
        template=RUNS.path("{config.judging.template}"),
    output:
        judge=directory("<results>/models/judge_{set}"),
        manifest="<results>/models/judge_{set}.json",
        measured="<results>/costs/judge_{set}_measured.csv",
        provenance="<results>/models/judge_{set}_provenance.json",
    log:
        "<logs>/tune_judge_{set}.log",
    params:
        **stage("judging.tune_judge", settings="judging.tuning", seed=["tune_judge", "{set}"]),


use rule job as judge_pairs with:
    """Verdicts on held-out pairs, each in both orders."""
    input:
        RUNS.path("{config.judging.template}"),
        preferences=JUDGED,
        judge=RUNS.paths("<results>/{name}.json", name=judge_inputs.shown_in_words),
    output:
        **recorded(judged="<results>/judging/verdicts.parquet"),
    log:
        "<logs>/judge_pairs.log",
    resources:
        runtime=more(1440),
    params:
        **stage(
            "judging.judge_pairs",
            settings={"asking": judge_inputs.asking},
            set_name=inputs.shown_set,
        ),


use rule job as tabulate_verdicts with:
    """A judge in words beside the reward model, on the same pairs."""
    input:
        judged="<results>/judging/verdicts.parquet",
        preferences=JUDGED,
        scores=RUNS.path(
            "<results>/scores/heldout_{config.rewards.shown}_by_reward_model_{config.rewards.shown}.parquet"
        ),
    output:
        **table("book/judge"),
        claims="<results>/claims/book_judge.csv",
    log:
        "<logs>/tabulate_verdicts.log",
    params:
        **stage("judging.tabulate_verdicts"),


use rule figure as draw_book_judge with:
    """A judge in words: accuracy beside a reward model, and what swapping the answers does."""
    pathvars:
        item="book/judge",
    params:
        **figure("book.bars", BOOK_CHAPTER, "Generative judge", JUDGES),


use rule job as draw_choices with:
    """What each way to combine rewards chooses from drawn responses, and another response."""
    input:
        pool="<results>/pools/sampled.parquet",
        responses="<results>/responses/pool_evaluation.parquet",
    output:
        **recorded(pairs="<results>/judging/pairs_of_choices.parquet"),
    log:
        "<logs>/draw_choices.log",
    params:
        **stage(
            "judging.draw_choices",
            settings=inputs.combining,
            best_of=lambda config, wildcards: config.aggregation.shown_k,
            seed=["draw_choices"],
        ),


use rule job as draw_answers with:
    """A response of each policy on several transformed rewards, and one of the base model."""
    input:
        responses=RUNS.paths(
            "<results>/policies/{job}/responses.parquet", job=inputs.jobs_of_combined
        ),
        texts="<results>/transforming/responses_evaluation.parquet",
    output:
        **recorded(pairs="<results>/judging/pairs_of_answers.parquet"),
    log:
        "<logs>/draw_answers.log",
    params:
        **stage("judging.draw_answers", seed=["draw_answers"]),


use rule job as judge_drawn with:
    """A judge's verdicts on these pairs, on one property."""
    input:
        RUNS.path("{config.judging.template}"),
        pairs="<results>/judging/pairs_of_{drawn}.parquet",
        judge=RUNS.paths("<results>/{name}.json", name=judge_inputs.shown_in_words),
    output:
        **recorded(judged="<results>/judging/{drawn}_{set}.parquet"),
    log:
        "<logs>/judge_{drawn}_{set}.log",
    wildcard_constraints:
        drawn="choices|answers",
    resources:
        runtime=more(1440),
    params:
        **stage(
            "judging.judge_drawn", settings={"asking": judge_inputs.asking}, property_name="{set}"
        ),


use rule job as tabulate_choices with:
    """Best-of-k's win rates by the judge in words, and by gold on the same pairs."""
    input:
        judged=RUNS.paths("<results>/judging/choices_{name}.parquet", name=inputs.properties),
    output:
        **table("aggregation/in_words"),
    log:
        "<logs>/tabulate_choices.log",
    params:
        **stage(
            "judging.tabulate_choices",
            settings={"properties": "aggregation.properties", "world": judge_inputs.gold_world},
        ),


use rule figure as draw_aggregation_in_words with:
    """Best-of-k's win rates by a judge in words."""
    pathvars:
        item="aggregation/in_words",
    params:
        **figure(
            "book.bars",
            AGGREGATION,
            "Win rates by a judge in words",
            SAMPLED and JUDGES,
            extended=RANKED,
        ),


use rule job as tabulate_answers with:
    """Policies' win rates by the judge in words, and by gold on the same pairs."""
    input:
        judged=RUNS.paths(
            "<results>/judging/answers_{name}.parquet", name=inputs.utility_properties
        ),
    output:
        **table("transforming/in_words"),
    log:
        "<logs>/tabulate_answers.log",
    params:
        **stage(
            "judging.tabulate_answers",
            settings={"at": "transforming.at", "world": judge_inputs.gold_world},
            experiment=inputs.first_combined,
            properties=inputs.utility_properties,
        ),


use rule figure as draw_transforming_in_words with:
    """Win rates of policies on several transformed rewards, by a judge in words."""
    pathvars:
        item="transforming/in_words",
    params:
        **figure(
            "transforming.win_rates",
            TRANSFORMING,
            "Win rates by a judge in words",
            POLICIES and JUDGES,
            extended=RANKED,
        ),
