"""What makes a job run again, and what does not."""

import os
import shutil
import subprocess
import time

import pytest
from conftest import copy_sources

CLOSED_FORM = "workflow/rewardlab/policies/closed_form.py"
STYLE = "workflow/rewardlab/figures/style.py"
OF_THE_SIMULATION = {
    "simulate_returns",
    "simulate_constraints",
    "join_returns",
    "check_theorems",
    "draw_uncertainty_fig3",
    "draw_uncertainty_fig4",
    "draw_uncertainty_fig5",
    "draw_uncertainty_constraints",
    "draw_uncertainty_theorems",
    "claims_closed_forms",
    "decide_claims",
    "write_page",
    "all",
}


def test_a_second_run_does_nothing(finished):
    assert finished.run().did_nothing


def test_touching_every_source_file_does_nothing(finished):
    for folder, _, names in os.walk(finished.folder):
        part = os.path.relpath(folder, finished.folder).split(os.sep)[0]
        if part not in ("results", "figures", "logs", ".snakemake"):
            for name in names:
                os.utime(os.path.join(folder, name))
    assert finished.run().did_nothing


def test_editing_comments_docstrings_and_layout_does_nothing(finished):
    finished.edit(CLOSED_FORM, '"""Closed-form policies', '"""Policies in closed form')
    finished.edit(CLOSED_FORM, "import numpy as np\n", "import numpy as np  # a comment\n\n")
    assert finished.run().did_nothing


def test_a_clone_to_which_the_results_were_copied_does_nothing(finished_once, tmp_path):
    clone = copy_sources(tmp_path / "other")
    for name in ("results", "figures", ".snakemake/metadata"):
        clone.path(name).parent.mkdir(exist_ok=True)
        source, target = str(finished_once.path(name)), str(clone.path(name))
        subprocess.run(["cp", "-a", source, target], check=True)
    assert clone.run().did_nothing


def test_editing_the_closed_forms_reruns_the_simulation_and_no_more(finished):
    finished.edit(CLOSED_FORM, "np.sqrt(epsilon)", "1.0 * np.sqrt(epsilon)")
    run = finished.run()
    assert run.code == 0, run.text
    assert run.rules == OF_THE_SIMULATION
    assert finished.run().did_nothing


def test_an_edit_in_the_middle_of_a_run_is_not_lost(checkout):
    """The stage has imported the old code when it is edited: the next run makes it again."""
    checkout.edit("tests/test.yaml", "dimension: 40, draws: 300", "dimension: 1000, draws: 40000")
    process = checkout.start("--configfile=tests/test.yaml", "uncertainty_fig3")
    log = checkout.path("logs/test/simulate_returns_fig3.log")
    while not (log.exists() and "settings" in log.read_text()):
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.02)
    checkout.edit(CLOSED_FORM, "np.sqrt(epsilon)", "2.0 * np.sqrt(epsilon)")
    output = process.communicate(timeout=120)[0]
    assert process.returncode == 0, output
    table = checkout.path("results/test/tables/uncertainty/fig3_moments.csv")
    before = table.read_bytes()
    run = checkout.run("uncertainty_fig3")
    assert run.rules == {"simulate_returns", "draw_uncertainty_fig3", "uncertainty_fig3"}
    assert table.read_bytes() != before
    assert checkout.run("uncertainty_fig3").did_nothing


def test_a_change_of_colour_redraws_figures_only(finished):
    tables = finished.tables()
    finished.edit(STYLE, '"#D55E00"', '"#AA3377"')
    run = finished.run()
    assert run.code == 0, run.text
    assert run.rules == {*finished.figures(), "write_page", "all"}
    assert finished.tables() == tables


def test_a_change_of_setting_reruns_its_own_chapter(finished):
    run = finished.run("--config", "simulation={bandit: {kl: 0.2}}")
    assert run.code == 0, run.text
    assert run.rules == {
        "simulate_bandit",
        "draw_uncertainty_fig2",
        "claims_closed_forms",
        "decide_claims",
        "write_page",
        "all",
    }


def test_the_messages_of_a_stage_can_be_edited(finished):
    finished.edit("workflow/rewardlab/running/stage.py", "is missing; it is an input", "is gone")
    assert finished.run().did_nothing


@pytest.mark.parametrize("name", ["results/test/models/world/model.safetensors"])
def test_a_damaged_model_is_named(finished, name):
    finished.path(name).write_bytes(b"broken")
    for folder in ("preferences", "responses"):  # what was sampled, too
        shutil.rmtree(finished.path(f"results/test/{folder}"))
    run = finished.run("preferences")
    assert run.code != 0
    assert "model.safetensors is not the file that was recorded" in run.text
    assert "Traceback" not in run.text


def test_a_change_of_the_judge_retrains_no_policy(finished):
    """Another criterion or decision rule never touches what was trained."""
    finished.edit(
        "workflow/rewardlab/evaluation/paired_policies.py", "EQUAL_KL = 0.03", "EQUAL_KL = 0.04"
    )
    run = finished.run()
    assert run.code == 0, run.text
    judged = {"predict_policies", "tabulate_inheritance", "draw_uncertainty_inheritance"}
    judged |= {"claims_policies"}
    assert run.rules == {*judged, "decide_claims", "write_page", "all"}


def test_a_change_of_ppo_retrains_policies_and_no_reward_model(finished):
    run = finished.run("--config", "policies={ppo: {steps: 3}}", "-n")
    assert run.code == 0, run.text
    assert "train_policies" in run.text
    assert "find_beta" in run.text
    for untouched in ("train_reward_model", "fit_heads", "trace_fixed_points", "combine_rewards"):
        assert f"rule {untouched}:" not in run.text


def test_a_change_of_the_ledger_decides_again_and_measures_nothing(finished):
    finished.edit(
        "workflow/ledger.yaml", "{quantity: range, above: 0.5}", "{quantity: range, above: 99}"
    )
    run = finished.run()
    assert run.code == 0, run.text
    assert run.rules == {"decide_claims", "write_page", "all"}


def test_a_change_of_a_caption_writes_the_page_and_draws_nothing(finished):
    finished.edit("workflow/report/uncertainty/fig8.rst", "stops", "halts")
    assert finished.run().rules == {"write_page", "all"}


def test_editing_the_training_of_policies_searches_no_coefficient(finished):
    """Stages import no stage: a log line of one is no business of another."""
    finished.edit("workflow/rewardlab/stages/policies/train.py", "after %.1f s", "in %.1f s")
    run = finished.run("-n")
    assert "train_policies" in run.text
    assert "find_beta" not in run.text
