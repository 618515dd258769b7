rule train_reward_model:
    """The single reward model: the whole trunk and one logit."""
    input:
        trunk=REWARD_TRUNK,
        preferences="<results>/preferences/{set}.parquet",
    output:
        model=directory("<results>/models/reward_model_{set}"),
        manifest="<results>/models/reward_model_{set}.json",
        losses="<results>/losses/reward_model_{set}.csv",
        measured="<results>/costs/reward_model_{set}_measured.csv",
        provenance="<results>/models/reward_model_{set}_provenance.json",
    log:
        "<logs>/train_reward_model_{set}.log",
    benchmark:
        "<benchmarks>/train_reward_model_{set}.jsonl"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        settings=settings("rewards.model"),
        seed=lambda wildcards: seed("train_reward_model", wildcards.set),
        code=code("stages.train_reward_model"),
    shell:
        "python -m rewardlab.stages.train_reward_model --settings {params.settings:q}"
        " --seed {params.seed} --trunk {input.trunk} --preferences {input.preferences}"
        " --model {output.model} --manifest {output.manifest} --losses {output.losses}"
        " --measured {output.measured} --provenance {output.provenance} --log {log}"


rule extract_features:
    """The frozen trunk's features of every preference pair, once for all heads."""
    input:
        model="<results>/models/reward_model_{set}.json",
        preferences="<results>/preferences/{set}.parquet",
    output:
        features="<results>/features/{set}.safetensors",
        measured="<results>/costs/features_{set}_measured.csv",
        provenance="<results>/features/{set}.json",
    log:
        "<logs>/extract_features_{set}.log",
    benchmark:
        "<benchmarks>/extract_features_{set}.jsonl"
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        settings=settings("rewards.features"),
        code=code("stages.extract_features"),
    shell:
        "python -m rewardlab.stages.extract_features --settings {params.settings:q}"
        " --model {input.model} --preferences {input.preferences} --features {output.features}"
        " --measured {output.measured} --provenance {output.provenance} --log {log}"


rule draw_ensemble:
    """An ensemble of heads that policies are trained against, drawn anew for each number."""
    input:
        model=f"<results>/models/reward_model_{SETTINGS.policies.preferences}.json",
        features=f"<results>/features/{SETTINGS.policies.preferences}.safetensors",
        origin=f"<results>/features/{SETTINGS.policies.preferences}.json",
    output:
        ensemble=directory("<results>/models/drawn_{number}"),
        manifest="<results>/models/drawn_{number}.json",
        losses="<results>/losses/drawn_{number}.csv",
        measured="<results>/costs/drawn_{number}_measured.csv",
        provenance="<results>/models/drawn_{number}_provenance.json",
    log:
        "<logs>/draw_ensemble_{number}.log",
    benchmark:
        "<benchmarks>/draw_ensemble_{number}.jsonl"
    wildcard_constraints:
        number=r"pilot|fig7|frontier|(fig12|methods)-\d+",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=settings("policies.ensemble"),
        seed=lambda wildcards: seed("draw_ensemble", wildcards.number),
        code=code("stages.fit_heads"),
    shell:
        "python -m rewardlab.stages.fit_heads --settings {params.settings:q}"
        " --seed {params.seed} --model {input.model} --features {input.features}"
        " --ensemble {output.ensemble} --manifest {output.manifest} --losses {output.losses}"
        " --measured {output.measured} --provenance {output.provenance} --log {log}"


if SETTINGS.rewards.ensemble.kind == "independent":

    use rule train_reward_model as train_member with:
        output:
            model=directory("<results>/models/member_{set}_{member}"),
            manifest="<results>/models/member_{set}_{member}.json",
            losses="<results>/losses/member_{set}_{member}.csv",
            measured="<results>/costs/member_{set}_{member}_measured.csv",
            provenance="<results>/models/member_{set}_{member}_provenance.json",
        log:
            "<logs>/train_member_{set}_{member}.log",
        benchmark:
            "<benchmarks>/train_member_{set}_{member}.jsonl"
        params:
            settings=settings("rewards.model"),
            seed=lambda wildcards: seed("train_member", wildcards.set, wildcards.member),
            code=code("stages.train_reward_model"),

    rule gather_models:
        """The ensemble: whole models, each from its own seed."""
        input:
            models=members("<results>/models/member_{{set}}_{member}.json"),
            losses=members("<results>/losses/member_{{set}}_{member}.csv"),
            costs=members("<results>/costs/member_{{set}}_{member}_measured.csv"),
        output:
            manifest="<results>/models/ensemble_{set}.json",
            losses="<results>/losses/ensemble_{set}.csv",
            measured="<results>/costs/ensemble_{set}_measured.csv",
            provenance="<results>/models/ensemble_{set}_provenance.json",
        log:
            "<logs>/gather_models_{set}.log",
        conda:
            "../../envs/environment.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=code("stages.gather_models"),
        shell:
            "python -m rewardlab.stages.gather_models --models {input.models}"
            " --losses {input.losses} --costs {input.costs} --manifest {output.manifest}"
            " --measured {output.measured} --losses-out {output.losses}"
            " --provenance {output.provenance} --log {log}"

else:

    use rule draw_ensemble as fit_heads with:
        """The ensemble: heads on the frozen trunk, saved as one model."""
        input:
            model="<results>/models/reward_model_{set}.json",
            features="<results>/features/{set}.safetensors",
            origin="<results>/features/{set}.json",
        output:
            ensemble=directory("<results>/models/ensemble_{set}"),
            manifest="<results>/models/ensemble_{set}.json",
            losses="<results>/losses/ensemble_{set}.csv",
            measured="<results>/costs/ensemble_{set}_measured.csv",
            provenance="<results>/models/ensemble_{set}_provenance.json",
        log:
            "<logs>/fit_heads_{set}.log",
        benchmark:
            "<benchmarks>/fit_heads_{set}.jsonl"
        wildcard_constraints:
            set=one_of(SETTINGS.data.preferences),
        params:
            settings=settings("rewards.ensemble"),
            seed=lambda wildcards: seed("fit_heads", wildcards.set),
            code=code("stages.fit_heads"),


rule score_responses:
    """Rewards of listed responses, by the single model or by the ensemble of a set."""
    input:
        model="<results>/models/{model}_{set}.json",
        responses="<results>/responses/{responses}.parquet",
    output:
        scores="<results>/scores/{responses}_by_{model}_{set}.parquet",
        provenance="<results>/scores/{responses}_by_{model}_{set}.json",
    log:
        "<logs>/score_{responses}_by_{model}_{set}.log",
    benchmark:
        "<benchmarks>/score_{responses}_by_{model}_{set}.jsonl"
    wildcard_constraints:
        model="reward_model|ensemble",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        settings=settings("rewards.features"),
        code=code("stages.score"),
    shell:
        "python -m rewardlab.stages.score --settings {params.settings:q} --model {input.model}"
        " --responses {input.responses} --scores {output.scores}"
        " --provenance {output.provenance} --log {log}"


rule list_heldout:
    """Both responses of every held-out pair of a preference set."""
    input:
        preferences="<results>/preferences/{set}.parquet",
    output:
        responses="<results>/responses/heldout_{set}.parquet",
        provenance="<results>/responses/heldout_{set}.json",
    log:
        "<logs>/list_heldout_{set}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        code=code("stages.list_heldout"),
    shell:
        "python -m rewardlab.stages.list_heldout --preferences {input.preferences}"
        " --set {wildcards.set} --responses {output.responses}"
        " --provenance {output.provenance} --log {log}"


rule tabulate_heldout:
    """Held-out accuracy of a set's reward model and ensemble, beside two baselines."""
    input:
        preferences="<results>/preferences/{set}.parquet",
        single="<results>/scores/heldout_{set}_by_reward_model_{set}.parquet",
        ensemble="<results>/scores/heldout_{set}_by_ensemble_{set}.parquet",
    output:
        table="<results>/heldout/{set}.csv",
        findings="<results>/heldout/{set}.rst",
        provenance="<results>/heldout/{set}.json",
    log:
        "<logs>/tabulate_heldout_{set}.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        seed=lambda wildcards: seed("tabulate_heldout", wildcards.set),
        code=code("stages.tabulate_heldout"),
    shell:
        "python -m rewardlab.stages.tabulate_heldout --seed {params.seed}"
        " --preferences {input.preferences} --single {input.single} --ensemble {input.ensemble}"
        " --set {wildcards.set} --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"


rule collect_heldout:
    """The held-out accuracies of all sets in one table."""
    input:
        tables=collect("<results>/heldout/{set}.csv", set=SETTINGS.rewards.sets),
        findings=collect("<results>/heldout/{set}.rst", set=SETTINGS.rewards.sets),
    output:
        table="<results>/tables/rewards/heldout.csv",
        findings="<results>/tables/rewards/heldout.rst",
        provenance="<results>/tables/rewards/heldout.json",
    log:
        "<logs>/collect_heldout.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        code=code("stages.collect_heldout"),
    shell:
        "python -m rewardlab.stages.collect_heldout --tables {input.tables}"
        " --texts {input.findings} --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"


rule tabulate_heads:
    """Figure 1's, 6's or 9's table: how much the heads disagree, and how accurate they are."""
    input:
        scores=BENCHMARK_BY_ENSEMBLE,
        single=BENCHMARK_BY_SINGLE,
    output:
        table="<results>/tables/uncertainty/{item}.csv",
        findings="<results>/tables/uncertainty/{item}.rst",
        provenance="<results>/tables/uncertainty/{item}.json",
    log:
        "<logs>/tabulate_heads_{item}.log",
    wildcard_constraints:
        item="fig1|fig6|fig9",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        code=code("stages.tabulate_heads"),
    shell:
        "python -m rewardlab.stages.tabulate_heads --scores {input.scores}"
        " --single {input.single} --item {wildcards.item} --table {output.table}"
        " --findings {output.findings} --provenance {output.provenance} --log {log}"


rule tabulate_losses:
    """Figure 8's table: training losses of the single model and of the heads."""
    input:
        single=f"<results>/losses/reward_model_{SETTINGS.rewards.shown}.csv",
        heads=f"<results>/losses/ensemble_{SETTINGS.rewards.shown}.csv",
    output:
        table="<results>/tables/uncertainty/fig8.csv",
        findings="<results>/tables/uncertainty/fig8.rst",
        provenance="<results>/tables/uncertainty/fig8.json",
    log:
        "<logs>/tabulate_losses.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=settings("rewards.model"),
        code=code("stages.tabulate_losses"),
    shell:
        "python -m rewardlab.stages.tabulate_losses --settings {params.settings:q}"
        " --single {input.single} --heads {input.heads} --table {output.table}"
        " --findings {output.findings} --provenance {output.provenance} --log {log}"


rule uncertainty_table1:
    """Table 1: RewardBench as printed, averages computed again, and our scores beside them."""
    input:
        single=BENCHMARK_BY_SINGLE,
        ensemble=BENCHMARK_BY_ENSEMBLE,
    output:
        table=report(
            "<results>/tables/uncertainty/table1.csv",
            caption="../report/uncertainty_table1.rst",
            category=UNCERTAINTY,
            labels={"item": "Table 1"},
        ),
        findings="<results>/tables/uncertainty/table1.rst",
        provenance="<results>/tables/uncertainty/table1.json",
    log:
        "<logs>/uncertainty_table1.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        printed=PRINTED,
        printed_hash=file_hash(Path(PRINTED)),
        code=code("stages.tabulate_scores"),
    shell:
        "python -m rewardlab.stages.tabulate_scores --printed {params.printed}"
        " --single {input.single} --ensemble {input.ensemble} --table {output.table}"
        " --findings {output.findings} --provenance {output.provenance} --log {log}"


rule uncertainty_tables2_5:
    """Tables 2 to 5: settings and measured cost of the reward models, beside the paper's."""
    input:
        single=f"<results>/costs/reward_model_{SETTINGS.rewards.shown}_measured.csv",
        ensemble=ENSEMBLE_COSTS,
    output:
        table=report(
            "<results>/tables/uncertainty/tables2_5_measured.csv",
            caption="../report/uncertainty_tables2_5.rst",
            category=UNCERTAINTY,
            labels={"item": "Tables 2 to 5"},
        ),
        findings="<results>/tables/uncertainty/tables2_5_measured.rst",
        provenance="<results>/tables/uncertainty/tables2_5_measured.json",
    log:
        "<logs>/uncertainty_tables2_5.log",
    conda:
        "../../envs/environment.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        settings=settings("rewards"),
        printed=PRINTED,
        printed_hash=file_hash(Path(PRINTED)),
        code=code("stages.tabulate_costs"),
    shell:
        "python -m rewardlab.stages.tabulate_costs --settings {params.settings:q}"
        " --printed {params.printed} --single {input.single} --ensemble {input.ensemble}"
        " --table {output.table} --findings {output.findings}"
        " --provenance {output.provenance} --log {log}"
