rule sample_pool:
    """Responses of the base model to many prompts, drawn once and chosen from often."""
    input:
        model=LANGUAGE_MODEL,
        prompts=f"<results>/prompts/{SETTINGS.aggregation.pool.prompts}.parquet",
    output:
        pool="<results>/responses/pool_{split}.parquet",
        provenance="<results>/responses/pool_{split}.json",
    log:
        "<logs>/sample_pool_{split}.log",
    benchmark:
        "<benchmarks>/sample_pool_{split}.jsonl"
    wildcard_constraints:
        split="train|evaluation",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        settings=settings("aggregation.pool"),
        seed=lambda wildcards: seed("sample_pool", wildcards.split),
        code=code("stages.sample_pool"),
    shell:
        "python -m rewardlab.stages.sample_pool --settings {params.settings:q}"
        " --seed {params.seed} --model {input.model} --prompts {input.prompts}"
        " --split {wildcards.split} --pool {output.pool} --provenance {output.provenance}"
        " --log {log}"


rule score_by_gold:
    """The embedded world's gold rewards of listed responses."""
    input:
        responses="<results>/responses/{responses}.parquet",
    output:
        scores="<results>/scores/{responses}_by_gold.parquet",
        provenance="<results>/scores/{responses}_by_gold.json",
    log:
        "<logs>/score_by_gold_{responses}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=settings("world"),
        code=code("stages.score_by_gold"),
    shell:
        "python -m rewardlab.stages.score_by_gold --settings {params.settings:q}"
        " --responses {input.responses} --scores {output.scores}"
        " --provenance {output.provenance} --log {log}"


rule extract_prompt_features:
    """A reward model's features of the prompts alone, for the prediction of quantiles."""
    input:
        model="<results>/models/reward_model_{set}.json",
        pools=collect("<results>/responses/pool_{split}.parquet", split=["train", "evaluation"]),
    output:
        features="<results>/features/prompts_{set}.safetensors",
        prompts="<results>/features/prompts_{set}.parquet",
        provenance="<results>/features/prompts_{set}.json",
    log:
        "<logs>/extract_prompt_features_{set}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=settings("rewards.features"),
        code=code("stages.extract_prompt_features"),
    shell:
        "python -m rewardlab.stages.extract_prompt_features --settings {params.settings:q}"
        " --model {input.model} --pools {input.pools} --features {output.features}"
        " --prompts {output.prompts} --provenance {output.provenance} --log {log}"


rule predict_quantiles:
    """Quantiles of the evaluation prompts' rewards, predicted from the prompts alone."""
    input:
        features="<results>/features/prompts_{set}.safetensors",
        prompts="<results>/features/prompts_{set}.parquet",
        train="<results>/scores/pool_train_by_reward_model_{set}.parquet",
        evaluation="<results>/scores/pool_evaluation_by_reward_model_{set}.parquet",
    output:
        references="<results>/references/{set}.parquet",
        provenance="<results>/references/{set}.json",
    log:
        "<logs>/predict_quantiles_{set}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings=settings(quantiles="aggregation.quantiles", penalty="aggregation.penalty"),
        code=code("stages.predict_quantiles"),
    shell:
        "python -m rewardlab.stages.predict_quantiles --settings {params.settings:q}"
        " --features {input.features} --prompts {input.prompts} --train {input.train}"
        " --evaluation {input.evaluation} --references {output.references}"
        " --provenance {output.provenance} --log {log}"


rule gather_pool:
    """The sampled pool with its rewards, references and judgements side by side."""
    input:
        gold="<results>/scores/pool_evaluation_by_gold.parquet",
        scores=collect(
            "<results>/scores/pool_evaluation_by_reward_model_{set}.parquet", set=PROPERTIES
        ),
        references=collect("<results>/references/{set}.parquet", set=PROPERTIES),
    output:
        pool="<results>/pools/sampled.parquet",
        provenance="<results>/pools/sampled.json",
    log:
        "<logs>/gather_pool.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        properties=",".join(PROPERTIES),
        code=code("stages.gather_pool"),
    shell:
        "python -m rewardlab.stages.gather_pool --gold {input.gold} --scores {input.scores}"
        " --references {input.references} --properties {params.properties}"
        " --pool {output.pool} --provenance {output.provenance} --log {log}"


rule gather_heldout_pool:
    """Both sides of held-out preference pairs, as a pool, with every property's rewards."""
    input:
        scores=[
            f"<results>/scores/heldout_{of}_by_reward_model_{by}.parquet"
            for of in PROPERTIES
            for by in PROPERTIES
        ],
    output:
        pool="<results>/pools/heldout.parquet",
        provenance="<results>/pools/heldout.json",
    log:
        "<logs>/gather_heldout_pool.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        properties=",".join(PROPERTIES),
        code=code("stages.gather_heldout_pool"),
    shell:
        "python -m rewardlab.stages.gather_heldout_pool --scores {input.scores}"
        " --properties {params.properties} --pool {output.pool}"
        " --provenance {output.provenance} --log {log}"


rule combine_rewards:
    """Win rates of best-of-k by every combination and reference, exact over all subsets."""
    input:
        pool=POOL,
    output:
        win_rates="<results>/win_rates/summary.csv",
        by_prompt="<results>/win_rates/by_prompt.parquet",
        selections="<results>/win_rates/selections.csv",
        provenance="<results>/win_rates/summary.json",
    log:
        "<logs>/combine_rewards.log",
    benchmark:
        "<benchmarks>/combine_rewards.jsonl"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=combining(),
        code=code("stages.combine_rewards"),
    shell:
        "python -m rewardlab.stages.combine_rewards --settings {params.settings:q}"
        " --pool {input.pool} --win-rates {output.win_rates} --by-prompt {output.by_prompt}"
        " --selections {output.selections} --provenance {output.provenance} --log {log}"


rule tabulate_aggregation:
    """The table of one of the aggregation figures."""
    input:
        win_rates="<results>/win_rates/summary.csv",
        pool=POOL,
    output:
        table="<results>/tables/aggregation/{item}.csv",
        findings="<results>/tables/aggregation/{item}.rst",
        provenance="<results>/tables/aggregation/{item}.json",
    log:
        "<logs>/tabulate_aggregation_{item}.log",
    wildcard_constraints:
        item="fig1|by_k|judge|reference",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=settings("aggregation"),
        code=code("stages.tabulate_aggregation"),
    shell:
        "python -m rewardlab.stages.tabulate_aggregation --settings {params.settings:q}"
        " --win-rates {input.win_rates} --pool {input.pool} --item {wildcards.item}"
        " --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"
