"""Pools that people bring: read, checked, laid out, and chosen from."""

import numpy as np
import pandas as pd
import pytest

from rewardlab.evaluation.selection import method_scores
from rewardlab.rewards.pools import pools_of, read_pool
from rewardlab.running.errors import UserError
from rewardlab.running.stage import main
from rewardlab.settings.aggregation import CombiningSettings
from rewardlab.stages.aggregation.combine_rewards import combine_rewards


def settings_of(**changes) -> CombiningSettings:
    values = {"rewards": "a,b", "k": "1,2", "quantiles": "median=0.5", "resamples": "50"}
    return CombiningSettings.model_validate_json(__import__("json").dumps(values | changes))


def table_of(prompts=2, samples=3) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    ids = np.arange(prompts * samples)
    return pd.DataFrame(
        {
            "prompt_id": [f"p{i // samples}" for i in ids],
            "response_id": [f"r{i % samples}" for i in ids],
            "a": rng.standard_normal(len(ids)).round(3),
            "b": rng.standard_normal(len(ids)).round(3),
        }
    )


def read(tmp_path, table, suffix=".csv", **changes):
    path = tmp_path / f"pool{suffix}"
    if suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        table.to_parquet(path, index=False)
    return read_pool(path, settings_of(**changes))


def refused(tmp_path, table, **changes) -> str:
    with pytest.raises(UserError) as error:
        read(tmp_path, table, **changes)
    return str(error.value)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_csv_and_parquet_give_the_same_pool(tmp_path, suffix):
    table = table_of()
    (pool,) = pools_of(read(tmp_path, table, suffix), settings_of())
    assert pool.prompts.tolist() == ["p0", "p1"]
    assert pool.rewards.shape == (2, 2, 3)
    assert pool.rewards[1, 1].tolist() == table.b[3:].tolist()
    assert pool.others.shape == (2, 2, 0)


def test_prompts_with_more_responses_get_a_pool_of_their_own(tmp_path):
    table = pd.concat([table_of(), table_of(1, 4).assign(prompt_id="p9")])
    sizes = {pool.rewards.shape for pool in pools_of(read(tmp_path, table), settings_of())}
    assert sizes == {(2, 2, 3), (2, 1, 4)}


def test_rows_in_any_order_are_laid_out_by_prompt(tmp_path):
    table = table_of().sample(frac=1, random_state=0)
    (pool,) = pools_of(read(tmp_path, table), settings_of())
    for position, prompt in enumerate(pool.prompts):
        own = table[table.prompt_id.eq(prompt)]
        assert pool.rewards[0, position].tolist() == own.a.tolist()
        assert pool.responses[position].tolist() == own.response_id.tolist()


def test_references_by_hand(tmp_path):
    table = table_of(samples=5).assign(
        use=["pool"] * 3 + ["reference"] * 2 + ["pool"] * 3 + ["reference"] * 2
    )
    table["a_mine"], table["b_mine"] = 1.0, -1.0
    settings = settings_of(references="mine")
    (pool,) = pools_of(read(tmp_path, table, references="mine"), settings)
    scores = method_scores(pool, settings.quantiles)
    assert scores["sum"][0, 0] == pytest.approx(table.a[0] + table.b[0])
    assert scores["minimum_mine"][0, 0] == pytest.approx(min(table.a[0] - 1, table.b[0] + 1))
    medians = table.a[3:5].mean(), table.b[3:5].mean()
    expected = min(table.a[0] - medians[0], table.b[0] - medians[1])
    assert scores["minimum_oracle_median"][0, 0] == pytest.approx(expected)
    assert {"sigmoid_AND", "sigmoid_OR_mine", "win_share_AND", "win_share_OR"} <= set(scores)


def test_a_missing_column_is_named(tmp_path):
    text = refused(tmp_path, table_of().drop(columns="b"))
    assert "no column 'b'" in text
    assert "prompt_id, response_id, a" in text


def test_a_missing_reference_is_named(tmp_path):
    assert "no column 'a_mine'" in refused(tmp_path, table_of(), references="mine")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "much"])
def test_a_reward_that_is_no_number_is_named(tmp_path, value):
    table = table_of().astype({"b": object})
    table.loc[4, "b"] = value
    text = refused(tmp_path, table)
    assert "pool.csv, line 6: b is" in text
    assert "finite number" in text


def test_doubled_ids_are_named(tmp_path):
    table = table_of()
    table.loc[2, "response_id"] = "r0"
    text = refused(tmp_path, table)
    assert "line 4: prompt_id p0 has the response_id r0 a second time" in text


def test_fewer_samples_than_k_are_named(tmp_path):
    text = refused(tmp_path, table_of().drop(index=5))
    assert "prompt_id p1 has 2 responses to choose from, but k = 2 needs 3" in text


def test_an_unknown_use_is_named(tmp_path):
    table = table_of().assign(use="pool")
    table.loc[1, "use"] = "spare"
    assert "line 3: use is 'spare'; expected pool or reference" in refused(tmp_path, table)


def test_a_prompt_without_reference_samples_is_named(tmp_path):
    table = table_of(samples=4).assign(use=["pool"] * 3 + ["reference"] + ["pool"] * 4)
    assert "prompt_id p1 has no row with use = reference" in refused(tmp_path, table)


def test_a_reference_that_changes_within_a_prompt_is_named(tmp_path):
    table = table_of().assign(a_mine=1.0, b_mine=1.0)
    table.loc[4, "b_mine"] = 2.0
    text = refused(tmp_path, table, references="mine")
    assert "line 6: b_mine is 2, but it is 1 elsewhere for prompt_id p1" in text


def test_no_rows_and_no_table(tmp_path):
    assert "is empty" in refused(tmp_path, table_of().head(0))
    (tmp_path / "pool.parquet").write_text("nonsense")
    with pytest.raises(UserError, match="is no readable parquet file"):
        read_pool(tmp_path / "pool.parquet", settings_of())


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"rewards": "a"}, "at least two"),
        ({"rewards": "a,a"}, "(?s)rewards.*each once, but 'a'"),
        ({"judges": "g,g"}, "(?s)judges.*each once, but 'g'"),
        ({"rewards": "a,or"}, "not 'or'"),
        ({"k": ""}, "k"),
    ],
)
def test_settings_that_make_no_sense(changes, text):
    with pytest.raises(ValueError, match=text):
        settings_of(**changes)


def test_the_command_line_writes_its_three_tables(tmp_path):
    path = tmp_path / "pool.csv"
    table_of(6, 5).to_csv(path, index=False)
    outputs = [tmp_path / name for name in ("rates.csv", "rates.parquet", "chosen.csv")]
    main(
        combine_rewards,
        [
            *("--pool", str(path), "--rewards", "a,b", "--k", "1,2,4", "--resamples", "100"),
            *("--win-rates", str(outputs[0]), "--by-prompt", str(outputs[1])),
            *("--selections", str(outputs[2])),
        ],
    )
    rates, by_prompt, chosen = (
        pd.read_csv(outputs[0]),
        pd.read_parquet(outputs[1]),
        pd.read_csv(outputs[2]),
    )
    assert set(rates.method) == {"sum", "sigmoid_AND", "sigmoid_OR", "minimum"}
    assert set(rates.metric) == {"and", "or", "a", "b"}
    assert ((rates.ci_low <= rates.win_rate) & (rates.win_rate <= rates.ci_high)).all()
    at_one = rates[rates.k.eq(1)].groupby("method").win_rate
    assert at_one.size().eq(4).all()
    both = rates[rates.k.eq(1) & rates.metric.isin(["and", "or"])].groupby("method").win_rate.sum()
    assert both.tolist() == pytest.approx([1.0] * 4)
    key = ["scored_by", "metric", "method", "k"]
    means = by_prompt.groupby(key).win_rate.mean().reset_index()
    merged = rates.merge(means, on=key)
    assert merged.win_rate_x.tolist() == pytest.approx(merged.win_rate_y.tolist())
    sums = table_of(6, 5).eval("a + b")
    best = sums.groupby(table_of(6, 5).prompt_id).idxmax()
    picked = chosen[chosen.method.eq("sum")].set_index("prompt_id").response_id
    assert picked.to_dict() == table_of(6, 5).response_id[best].set_axis(best.index).to_dict()


def test_a_mistake_on_the_command_line_is_one_sentence(tmp_path, capsys):
    path = tmp_path / "pool.csv"
    table_of().to_csv(path, index=False)
    names = ("win-rates", "by-prompt", "selections")
    outputs = [part for name in names for part in (f"--{name}", str(tmp_path / f"{name}.csv"))]
    with pytest.raises(SystemExit) as error:
        main(combine_rewards, ["--pool", str(path), "--rewards", "a,b", *outputs])
    assert "k = 8 needs 9" in str(error.value)
    assert [file.name for file in tmp_path.iterdir()] == ["pool.csv"]
    with pytest.raises(SystemExit, match=r"rates\.txt is of an unknown kind"):
        main(
            combine_rewards,
            ["--pool", str(path), *outputs[:1], str(tmp_path / "rates.txt"), *outputs[2:]],
        )


def test_the_names_decide_what_the_tables_are_and_one_judge_is_enough(tmp_path):
    """One prompt has no interval; a single judge has one metric, its own."""
    path = tmp_path / "pool.jsonl"
    table_of(1, 5).assign(gold=[1, 2, 3, 4, 5]).to_json(path, orient="records", lines=True)
    outputs = [tmp_path / name for name in ("rates.parquet", "by_prompt.csv", "chosen.json")]
    names = ("win-rates", "by-prompt", "selections")
    words = [
        str(word) for pair in zip((f"--{n}" for n in names), outputs, strict=True) for word in pair
    ]
    given = ["--pool", str(path), "--rewards", "a,b", "--judges", "gold", "--k", "1,2"]
    main(combine_rewards, [*given, *words])
    rates = pd.read_parquet(outputs[0])
    assert rates[rates.scored_by.eq("judges")].metric.unique().tolist() == ["gold"]
    assert rates.ci_low.isna().all()
    assert rates.win_rate.between(0, 1).all()
    assert pd.read_csv(outputs[1]).win_rate.tolist() == pytest.approx(rates.win_rate.tolist())
    assert pd.read_json(outputs[2]).prompt_id.eq("p0").all()


def test_ids_are_texts_in_csv(tmp_path):
    rows = [
        {"prompt_id": prompt, "response_id": number, "a": number % 3, "b": number % 2}
        for prompt in ("1.1", "1.10", "01")
        for number in range(4)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "pool.csv", index=False)
    table = read_pool(tmp_path / "pool.csv", settings_of())
    assert table.prompt_id.unique().tolist() == ["1.1", "1.10", "01"]


@pytest.mark.parametrize("name", ["prompt_id", "response_id"])
def test_an_empty_id_in_csv_is_missing(tmp_path, name):
    table = table_of()
    table.loc[4, name] = ""
    assert f"pool.csv, line 6: {name} is missing." in refused(tmp_path, table)
