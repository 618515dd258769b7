"""What a job computes on, as the settings say; this machine's tests see no card."""

import logging

import pytest
import torch

from rewardlab.data.pretrained import load_language_model
from rewardlab.running.devices import ATTENTION, DEVICE, take_device
from rewardlab.running.errors import UserError
from rewardlab.running.several_cards import share_of_batch

no_card = pytest.mark.skipif(torch.cuda.is_available(), reason="a graphics card is visible")


def test_one_card_is_left_of_those_that_a_job_sees():
    for cards, expected in (("2,3", "2"), ("GPU-aa,GPU-bb", "GPU-aa"), ("", "")):
        environment = {"CUDA_VISIBLE_DEVICES": cards}
        take_device(environment)
        assert environment["CUDA_VISIBLE_DEVICES"] == expected


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
    monkeypatch.setenv(ATTENTION, "flash_attention_2")
    with pytest.raises(UserError, match="attention: flash_attention_2"):
        load_language_model(tmp_path)


def test_several_processes_share_a_batch(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert share_of_batch(32) == 16
    assert share_of_batch(32, accumulation=4) == 4
    with pytest.raises(UserError, match="batch of 9 in 1 parts on each of 2 graphics cards"):
        share_of_batch(9)


def test_one_process_has_the_whole_batch(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert share_of_batch(9) == 9
