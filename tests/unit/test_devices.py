"""What a job computes on, as the settings say; this machine's tests see no card."""

import logging

import pytest
import torch

from rewardlab.data.pretrained import load_language_model
from rewardlab.running.devices import (
    ATTENTION,
    DEVICE,
    cards_in_sight,
    free_card,
    take_device,
)
from rewardlab.running.errors import UserError
from rewardlab.running.several_cards import LAUNCHED, is_follower, share_of_batch

no_card = pytest.mark.skipif(torch.cuda.is_available(), reason="a graphics card is visible")


def test_one_card_is_left_of_those_that_a_job_sees():
    for cards, expected in (("2", "2"), ("GPU-aa", "GPU-aa"), ("", "")):
        environment = {"CUDA_VISIBLE_DEVICES": cards}
        take_device(environment)
        assert environment["CUDA_VISIBLE_DEVICES"] == expected


def test_jobs_beside_each_other_take_different_cards(tmp_path):
    """A lock of a file that was opened again is another job's, also in one process."""
    cards = ["2", "3", "5"]
    assert [free_card(cards, tmp_path) for _ in cards] == cards
    assert free_card(cards, tmp_path) in cards  # all are taken: one is shared


def test_the_cards_of_a_machine_where_none_were_given(tmp_path):
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / name).mkdir()
    assert cards_in_sight({}, tmp_path) == ["0", "1"]
    assert cards_in_sight({}, tmp_path / "no driver") == ["0"]
    assert cards_in_sight({"CUDA_VISIBLE_DEVICES": "7,1"}, tmp_path) == ["7", "1"]


def test_several_processes_have_a_card_each(monkeypatch):
    taken = []
    for name, answer in (
        ("is_available", lambda: True),
        ("device_count", lambda: 2),
        ("get_device_name", lambda: "a card"),
        ("set_device", taken.append),
    ):
        monkeypatch.setattr(torch.cuda, name, answer)
    given = {LAUNCHED: "x", "WORLD_SIZE": "2", "LOCAL_RANK": "1", "CUDA_VISIBLE_DEVICES": "4,6"}
    environment = dict(given)
    take_device(environment)
    assert (taken, environment) == ([1], given)
    with pytest.raises(UserError, match="train on 3 graphics cards, as gpus says, but sees 2"):
        take_device({**given, "WORLD_SIZE": "3"})


def test_the_cpu_hides_all_cards():
    environment = {"CUDA_VISIBLE_DEVICES": "2,3", DEVICE: "cpu"}
    take_device(environment)
    assert environment["CUDA_VISIBLE_DEVICES"] == ""


@no_card
def test_without_a_card_one_sentence_says_what_is_taken(caplog):
    with caplog.at_level(logging.INFO, "rewardlab"):
        take_device({})
    assert caplog.messages == ["device: the CPU; no graphics card is visible"]


@no_card
def test_a_card_that_is_demanded_and_not_there_is_a_failure():
    with pytest.raises(UserError, match="device is cuda, but this job sees no graphics card"):
        take_device({DEVICE: "cuda"})


def test_the_kernel_of_attention_reaches_the_models(tmp_path, monkeypatch):
    from transformers import GPT2Config, GPT2LMHeadModel

    GPT2LMHeadModel(GPT2Config(vocab_size=8, n_embd=8, n_layer=1, n_head=1)).save_pretrained(
        tmp_path
    )
    for kernel in ("eager", "sdpa"):
        monkeypatch.setenv(ATTENTION, kernel)
        assert load_language_model(tmp_path).config._attn_implementation == kernel


def test_several_processes_share_a_batch(monkeypatch):
    monkeypatch.setenv(LAUNCHED, "x")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert share_of_batch(32) == 16
    assert share_of_batch(32, accumulation=4) == 4
    with pytest.raises(UserError, match="batch of 9 in 1 parts on each of 2 graphics cards"):
        share_of_batch(9)


def test_a_process_of_somebody_elses_several_is_on_its_own(monkeypatch):
    monkeypatch.delenv(LAUNCHED, raising=False)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    assert not is_follower()
    assert share_of_batch(9) == 9
