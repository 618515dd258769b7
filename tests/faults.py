"""Plants mistakes in a copy of the library, one at a time, and sees whether the unit tests notice.

    make faults        (or: python tests/faults.py; some five minutes)

Each is a line that a slip of the hand could make wrong, at least one for every function that decides
a claim. A fault that no test notices is printed, and the exit status is 1.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
EVALUATION, CLAIMS = "evaluation", "stages/claims"


class Fault(NamedTuple):
    """A text of a module, and the wrong one that takes its place."""

    module: str
    right: str
    wrong: str


FAULTS = (
    Fault(f"{EVALUATION}/decisions.py", "return NOT_REPRODUCED if high < least", "return INCONCLUSIVE if high < least"),
    Fault(f"{EVALUATION}/decisions.py", "if least <= low and high <= most", "if least <= high and low <= most"),
    Fault(f"{EVALUATION}/decisions.py", "if NOT_REPRODUCED in verdicts", "if INCONCLUSIVE in verdicts"),
    Fault(f"{EVALUATION}/decisions.py", "if _held(rule.provided, quantities) != REPRODUCED", "if False"),
    Fault(f"{EVALUATION}/ledger.py", "float(value + half)", "float(value + 2 * half)"),
    Fault(f"{EVALUATION}/findings.py", "row.ci_low, row.ci_high, row.exact", "row.ci_low, row.ci_high, True"),
    Fault(f"{EVALUATION}/paired_policies.py", "self.of_method(VANILLA), self.of_method(self.variance_aware)", "self.of_method(self.variance_aware), self.of_method(VANILLA)"),
    Fault(f"{EVALUATION}/paired_policies.py", 'self.column("judged", first) - self.column("judged", second)', 'self.column("judged", second) - self.column("judged", first)'),
    Fault(f"{EVALUATION}/paired_policies.py", 'cluster = "ensemble" if self.nested else "head"', 'cluster = "policy"'),
    Fault(f"{EVALUATION}/spread.py", "means.var(axis, ddof=1) - noise.mean(axis)", "means.var(axis, ddof=1) + noise.mean(axis)"),
    Fault(f"{EVALUATION}/matched_kl.py", "return max(trial.beta for trial in above) * STEP", "return max(trial.beta for trial in above) / STEP"),
    Fault(f"{EVALUATION}/matched_kl.py", "return min(trial.beta for trial in below) / STEP", "return min(trial.beta for trial in below) * STEP"),
    Fault(f"{EVALUATION}/method_summary.py", "steps.step.gt(last)", "steps.step.lt(last)"),
    Fault(f"{CLAIMS}/closed_forms.py", "unaware / aware", "aware / unaware"),
    Fault(f"{CLAIMS}/closed_forms.py", "exact(conservative - naive)", "exact(naive - conservative)"),
    Fault(f"{CLAIMS}/closed_forms.py", "(means[UNAWARE] - means[AWARE]).abs() / spread", "(means[UNAWARE] - means[AWARE]).abs()"),
    Fault(f"{CLAIMS}/closed_forms.py", "closed.value.xs(AWARE, level=1) - closed.value.xs(UNAWARE, level=1)", "closed.value.xs(UNAWARE, level=1) - closed.value.xs(AWARE, level=1)"),
    Fault(f"{CLAIMS}/closed_forms.py", "short & (drawn.ci_high < promised)", "short"),
    Fault(f"{CLAIMS}/closed_forms.py", 'rewards["true optimum"] - rewards["as printed"]', 'rewards["as printed"] - rewards["true optimum"]'),
    Fault(f"{CLAIMS}/reward_models.py", 'scores.side.eq("chosen")', 'scores.side.eq("rejected")'),
    Fault(f"{CLAIMS}/reward_models.py", "(table.average - table.recomputed).abs()", "(table.recomputed - table.average)"),
    Fault(f"{CLAIMS}/reward_models.py", "np.median(sample, axis=1)", "sample.mean(axis=1)"),
    Fault(f"{CLAIMS}/reward_models.py", "sample[..., 0].mean(1) / sample[..., 1].mean(1)", "sample[..., 1].mean(1) / sample[..., 0].mean(1)"),
    Fault(f"{CLAIMS}/reward_models.py", "part - single for part in heads", "single - part for part in heads"),
    Fault(f"{CLAIMS}/reward_models.py", "(heads[:, head] - alone[:, 0])[inside]", "(alone[:, 0] - heads[:, head])[inside]"),
    Fault(f"{CLAIMS}/reward_models.py", "part - expected for part in correlation", "part for part in correlation"),
    Fault(f"{CLAIMS}/aggregation.py", "self.mean[first] - self.mean[second]", "self.mean[second] - self.mean[first]"),
    Fault(f"{CLAIMS}/aggregation.py", "1 - gain[0] / oracle[0]", "gain[0] / oracle[0]"),
    Fault(f"{CLAIMS}/policies.py", "paired.gain(VANILLA, paired.variance_aware)", "paired.gain(paired.variance_aware, VANILLA)"),
    Fault(f"{CLAIMS}/policies.py", "rise = last - ", "rise = -last + "),
    Fault("policies/penalties.py", "rewards.std(1) ** exponent", "rewards.var(1) ** exponent"),
    Fault("policies/experiments.py", 'policy.head if settings.jobs == "head" else 0', "policy.trial"),
)  # fmt: skip


def notices(copy: Path) -> bool:
    """Return whether the unit tests fail on a copy of the repository."""
    call = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    tests = ("decisions", "findings", "experiments", "policy_statistics", "ppo")
    call += [f"tests/unit/test_{name}.py" for name in tests]
    environment = os.environ | {"PYTHONPATH": str(copy / "workflow")}
    done = subprocess.run(call, cwd=copy, env=environment, capture_output=True)
    return done.returncode == 1


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        kept = shutil.ignore_patterns("results", "figures_", ".venv", ".git", ".snakemake", "logs")
        shutil.copytree(ROOT, copy, ignore=kept)
        assert not notices(copy), "the tests fail without any fault"
        missed = []
        for fault in FAULTS:
            path = copy / "workflow/rewardlab" / fault.module
            text = path.read_text()
            assert fault.right in text, f"{fault.module} no longer has {fault.right!r}"
            path.write_text(text.replace(fault.right, fault.wrong, 1))
            noticed = notices(copy)
            path.write_text(text)
            print(
                f"{'noticed' if noticed else 'MISSED '}  {fault.module}: {fault.wrong}", flush=True
            )
            if not noticed:
                missed.append(fault)
    print(f"{len(FAULTS) - len(missed)} of {len(FAULTS)} faults noticed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
