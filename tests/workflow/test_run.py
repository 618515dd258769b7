"""A run from nothing: everything is there, twice the same, and a part runs alone."""

import base64
import csv
import json
import re

import pandas as pd
import yaml
from PIL import Image
from transformers import AutoConfig


def test_all_figures_tables_and_claims_are_there(finished_once):
    ledger = yaml.safe_load(finished_once.path("workflow/ledger.yaml").read_text())
    ids = [claim["id"] for claims in ledger.values() for claim in claims]
    with open(finished_once.path("results/test/claims.csv")) as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == ids
    judged = {row["id"] for row in rows if row["verdict"] != "not run"}
    assert {"U2", "U3a", "U3b", "U3c", "U4a", "U4b", "U4c", "U5", "U6", "U7"} <= judged
    assert {
        "U1",
        "U8a",
        "U8b",
        "U9",
        "U10",
        "U11",
        "U12",
        "U17",
        "U18",
        "U21",
        "U22",
        "A6a",
        "A6b",
        "A6c",
    } <= judged
    assert {"T1a", "T1b", "T2", "T3a", "T3b", "T4", "T5"} <= judged
    assert {
        "B1",
        "B2a",
        "B2b",
        "B2c",
        "B2d",
        "B3a",
        "B3b",
        "B3c",
        "B3d",
        "B4",
        "B5",
        "B6",
    } <= judged
    assert {"A1", "A2", "A3", "A4", "A5", "U13a", "U13b", "U13c", "U14b", "U15", "U16"} <= judged
    figures = finished_once.figures()
    assert {f"draw_uncertainty_fig{number}" for number in (1, 2, 3, 4, 6, 7, 8, 9)} < set(figures)
    for file in figures.values():
        assert b"</svg>" in finished_once.path(file).read_bytes()
        with Image.open(finished_once.path(file).with_suffix(".png")) as image:
            assert image.width > 1000
            darkest, brightest = image.convert("L").getextrema()
            assert brightest - darkest > 200


def test_every_table_carries_its_origin(finished_once):
    for table in finished_once.path("results/test/tables").rglob("*.csv"):
        if table.stem.endswith("_moments"):
            continue
        origin = json.loads(table.with_suffix(".json").read_text())
        assert {"settings", "versions", "commit", "inputs", "code"} <= set(origin)
        assert all(len(value) == 64 for value in origin["inputs"].values())


def test_nothing_but_results_is_left_behind(finished_once):
    """No stray file in the checkout, nothing half-written, and logs of every stage."""
    top = {path.name for path in finished_once.folder.iterdir()}
    made = {"results", "figures", "logs", ".snakemake"}
    assert made <= top
    hidden = [
        path
        for part in ("results", "figures")
        for path in finished_once.path(part).rglob(".*")
        if path.name != ".snakemake_timestamp"
    ]
    assert hidden == []
    logs = list(finished_once.path("logs/test").rglob("*.log"))
    assert logs
    assert all("done" in log.read_text() for log in logs)


def test_two_runs_from_scratch_give_the_same_tables(finished_once, checkout):
    run = checkout.run()
    assert run.code == 0, run.text
    first, second = finished_once.tables(), checkout.tables()
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    weights = "results/test/models/world/model.safetensors"
    assert finished_once.path(weights).read_bytes() == checkout.path(weights).read_bytes()


def test_one_figure_runs_alone(checkout):
    run = checkout.run("uncertainty_fig3")
    assert run.code == 0, run.text
    assert run.rules == {"simulate_returns", "draw_uncertainty_fig3", "uncertainty_fig3"}
    figures = sorted(path.name for path in checkout.path("figures").rglob("*.*"))
    assert [name for name in figures if not name.startswith(".")] == ["fig3.png", "fig3.svg"]


def test_another_seed_gives_other_draws(finished):
    before = finished.path("results/test/tables/uncertainty/fig3.csv").read_bytes()
    run = finished.run("uncertainty_fig3", "--config", "seed=1")
    assert run.code == 0, run.text
    assert finished.path("results/test/tables/uncertainty/fig3.csv").read_bytes() != before


def test_the_report_says_how_the_claims_came_out(finished):
    run = finished.run("--report", "report.html")
    assert run.code == 0, run.text
    counts = finished.path("results/test/claims.rst").read_text().strip()
    assert counts in finished.path("report.html").read_text()


def test_one_page_holds_the_claims_and_every_figure(finished_once):
    page = finished_once.path("results/test/index.html").read_text()
    claims = pd.read_csv(finished_once.path("results/test/claims.csv"))
    for claim in claims[claims.verdict.ne("not run")].itertuples():
        assert f"<td>{claim.id} " in page
        assert f">{claim.verdict}</span>" in page
    for file in finished_once.figures().values():
        encoded = base64.b64encode(finished_once.path(file).read_bytes()).decode()
        assert f"data:image/svg+xml;base64,{encoded}" in page
    order = [page.index(f"<h3>Figure {number}</h3>") for number in (1, 2, 9, 10, 11)]
    assert order == sorted(order)
    assert " hidden" not in page.split("<script>")[0], "without scripts everything is shown"
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)


def test_an_ensemble_of_whole_models(finished):
    """Each head is a model of its own, from its own seed; figures do not see a difference."""
    kind = "rewards={ensemble: {kind: independent, heads: 2}}"
    run = finished.run("uncertainty_fig9", "uncertainty_tables2_5", "--config", kind)
    assert run.code == 0, run.text
    assert "train_member" in run.rules
    assert "fit_heads" not in run.rules
    assert "train_world_model" not in run.rules
    scores = pd.read_parquet(finished.path("results/test/scores/world_by_ensemble_overall.parquet"))
    assert not scores.reward_0.equals(scores.reward_1)
    assert "reward_2" not in scores
    alone = finished.path("results/test/models/member_overall_1")
    assert AutoConfig.from_pretrained(alone).num_labels == 1


def test_real_pairs_as_a_pool(finished):
    """Both sides of held-out pairs: the tool runs, and the claims need scale."""
    chapter = "aggregation={source: heldout, k: [1], shown_k: 1}"
    run = finished.run("aggregation_fig1", "aggregation_by_k", "claims", "--config", chapter)
    assert run.code == 0, run.text
    assert {"gather_pool", "combine_rewards"} <= run.rules
    assert "sample_pool" not in run.rules
    claims = pd.read_csv(finished.path("results/test/claims.csv")).set_index("id")
    assert (claims.verdict[["A1", "A2", "A3", "A4", "A5"]] == "needs scale").all()
    text = finished.path("results/test/tables/aggregation/fig1.rst").read_text()
    assert "claims need scale" in text
    chosen = pd.read_csv(finished.path("results/test/win_rates/selections.csv"))
    assert set(chosen.method) == {"sum", "minimum", "sigmoid_AND", "sigmoid_OR"}


def test_other_worlds(finished):
    tables = finished.tables()
    run = finished.run("aggregation_worlds")
    assert run.code == 0, run.text
    assert {"train_world_model", "tabulate_combining_worlds", "aggregation_worlds"} <= run.rules
    assert "find_beta" not in run.rules
    assert all(job.endswith("test-world-1") for job in run.runs if job != "test")
    assert len(finished.tables()) > len(tables)
    table = pd.read_csv(finished.path("results/test/tables/aggregation/worlds.csv"))
    assert set(table.world) == {"this-world", "world-1"}
    parts = dict(list(table.groupby("world").value))
    assert parts["this-world"].tolist() != parts["world-1"].tolist()
    assert finished.run("aggregation_worlds").did_nothing
    assert finished.run().did_nothing


def test_what_goes_beyond_the_papers_for_policies(finished):
    """All penalties, the frontier, other worlds: their own policies, and nothing trained twice."""
    items = ("methods", "frontier", "worlds", "inheritance_causes", "causes")
    run = finished.run(*(f"uncertainty_{item}" for item in items))
    assert run.code == 0, run.text
    assert {"compare_methods", "trace_frontier", "contrast_worlds", "train_policies"} <= run.rules
    tables = {
        item: pd.read_csv(finished.path(f"results/test/tables/uncertainty/{item}.csv"))
        for item in items
    }
    assert len(tables["methods"]) == 8  # seven methods and the reference
    assert (tables["methods"].policies == 2).all()
    assert set(tables["frontier"].factor) == {1, 2}
    assert set(tables["worlds"].world) == {"policies-1-worse"}
    varied = tables["inheritance_causes"]
    assert set(varied.experiment) == {"fig12", "last_iterate"}
    assert set(varied.panel) == {"policy", "slope", "ratio", "paired"}
    assert set(tables["causes"].kind) == {"whole models", "paper heads", "bootstrap heads"}
    for item in items:
        assert finished.path(f"figures/test/uncertainty/{item}.png").exists()
