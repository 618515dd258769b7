"""Exact best-of-k at the embedded scale, and what it saves against drawing.

Goal: 7 methods, k = 1..64, 400 prompts of 256 samples under 5 s on one core; 2,000 prompts of 1,024
samples under 1 GB.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from rewardlab.evaluation.bestofk import win_rates

PROMPTS, SAMPLES, METHODS = 400, 256, 7
SIZES = np.arange(1, 65)


def pool(prompts: int, samples: int, seed: int = 0):
    """Return scores of seven methods and rewards of two properties that pull against each other."""
    rng = np.random.default_rng(seed)
    rewards = rng.standard_normal((2, prompts, samples))
    rewards[1] = -0.4 * rewards[0] + 0.9 * rewards[1]
    mixes = rng.uniform(size=(METHODS, 2))
    return np.einsum("mp,pns->mns", mixes, rewards), rewards


def drawn(scores, rewards, size: int, draws: int, rng) -> np.ndarray:
    """Return, by prompt and draw, whether the best of k drawn samples beats another on both."""
    prompts, samples = scores.shape
    picks = rng.random((prompts, draws, samples)).argpartition(size, axis=-1)[..., : size + 1]
    rows = np.arange(prompts)[:, None]
    of_k = picks[..., 1:]
    best = np.take_along_axis(of_k, scores[rows[..., None], of_k].argmax(-1)[..., None], axis=-1)[
        ..., 0
    ]
    return (rewards[:, rows, best] > rewards[:, rows, picks[..., 0]]).all(0)


def test_seven_methods_at_64_k(benchmark):
    scores, rewards = pool(PROMPTS, SAMPLES)
    benchmark.pedantic(win_rates, args=(scores, rewards, SIZES), rounds=3)


def test_monte_carlo_of_equal_standard_error(benchmark, capsys):
    """One draw of (y0, k samples) has the variance p (1 - p); the exact estimate that of a pool.

    The variance of the exact estimate over pools is measured; p (1 - p) over it is the number of
    draws for each prompt, method and k that drawing needs from as many fresh samples.
    """
    size, pools = 8, 300
    scores, rewards = pool(pools, SAMPLES, seed=1)  # one prompt, many pools: all are alike
    exact = win_rates(scores[:1], rewards, np.array([size]))[0, 0, :, 0]
    needed = exact.mean() * (1 - exact.mean()) / exact.var(ddof=1)
    scores, rewards = pool(PROMPTS, SAMPLES)
    rng = np.random.default_rng(0)
    draws = 4
    benchmark.pedantic(drawn, args=(scores[0], rewards, size, draws, rng), rounds=3)
    one = benchmark.stats.stats.median / draws
    start = time.perf_counter()
    win_rates(scores, rewards, SIZES)
    whole = time.perf_counter() - start
    by_drawing = one * needed * METHODS * len(SIZES)
    report = (
        f"equal standard error at k = {size}: {needed:.0f} draws a prompt; exact {whole:.2f} s, "
        f"by drawing about {by_drawing:.0f} s, {by_drawing / whole:.0f} times as long"
    )
    with capsys.disabled():
        print(f"\n{report}")


def test_memory_of_a_large_pool(benchmark, capsys):
    """2,000 prompts of 1,024 samples, in a process of its own; prints its peak."""
    code = (
        "import resource, sys; sys.path[:0] = sys.argv[1:]; from bench_bestofk import *; "
        "win_rates(*pool(2000, 1024), SIZES); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)"
    )
    here = Path(__file__).parent
    call = [sys.executable, "-c", code, str(here), str(here.parents[1] / "workflow")]
    done = benchmark.pedantic(
        subprocess.run, args=(call,), kwargs={"capture_output": True, "text": True}, rounds=1
    )
    with capsys.disabled():
        print(f"\n2,000 prompts of 1,024 samples: peak memory {float(done.stdout):.2f} GB")
