"""Plants mistakes in a copy of the library, one at a time, and sees whether the unit tests notice.

    make faults        (or: python tests/faults.py; some fifteen minutes)

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
    Fault("policies/experiments.py", "policies[start : start + size]", "policies[start : start + 1]"),
    Fault("data/pretrained.py", 'drawn = [*report["missing_keys"], *(key', 'drawn = [*(key'),
    Fault("data/pretrained.py", "lengths[longest] + response_tokens > limit", "lengths[longest] > limit"),
    Fault("data/pretrained.py", "module.num_embeddings - module.padding_idx - 1", "module.num_embeddings"),
    Fault("data/dialogues.py", 'r"\\n*(Human:|', 'r"\\n\\n(Human:|'),
    Fault("data/dialogues.py", 'if chat[-1]["role"] == "assistant":', "if False:"),
    Fault("data/dialogues.py", 'WAITING.sub("", prompt.lstrip("\\n"))', 'prompt.lstrip("\\n")'),
    Fault("data/rows.py", 'if "\\\\ud" in text.lower():', "if False:"),
    Fault("data/rows.py", "line = first + error.lineno - 1", "line = error.lineno"),
    Fault("data/rows.py", "line = reader.line_num + 1", "line = reader.line_num"),
    Fault("data/tables.py", "preserve_index=None if has_index(table) else False", "preserve_index=False"),
    Fault("data/tables.py", "(r\"[+-]?0\\d\").any()", "(r\"x\").any()"),
    Fault("data/tables.py", 'numbers.astype("Int64").reindex', "numbers.reindex"),
    Fault("data/sources.py", "status.st_ino, status.st_mtime_ns, status.st_ctime_ns]", "status.st_mtime_ns]"),
    Fault("data/sources.py", "if time.time_ns() - status.st_ctime_ns >= SETTLED:", "if True:"),
    Fault("data/sources.py", "found[place] = entry[-1]", "found[place] = 0"),
    Fault("data/manifest.py", "if found != expected:", "if False:"),
    Fault("rewards/texts.py", "2 * self.unknown > self.tokens", "self.unknown > self.tokens"),
    Fault("rewards/texts.py", "len(row) + (index in opened) > max_length", "len(row) > max_length"),
    Fault("rewards/texts.py", "not response.strip() for response", "not response for response"),
    Fault("running/outputs.py", "if _is_at(file, lock):", "if True:"),
    Fault("running/outputs.py", "if isinstance(error, UserError) or", "if False or"),
    Fault("running/outputs.py", "        remove(old)", "        pass"),
    Fault("running/errors.py", "if found := FULL.search(str(error)):", "if found := None:"),
    Fault("running/documents.py", "            if name in seen:", "            if False:"),
    Fault("running/command_line.py", "        if not KEY.match(key):", "        if False:"),
    Fault("running/provenance.py", "found |= {str(folder / name)", "found = {str(folder / name)"),
)  # fmt: skip


# The unit tests of a package, for faults in its modules.
TESTS = {
    EVALUATION: ("decisions", "findings", "experiments", "policy_statistics"),
    "stages": ("findings", "decisions", "experiments", "policy_statistics"),
    "policies": ("ppo", "experiments"),
    "data": ("readers", "user_tables", "pretrained", "sources", "rewards", "data_tables"),
    "rewards": ("rewards", "readers"),
    "running": ("outputs", "stage", "settings", "sources"),
}


def notices(copy: Path, *packages: str) -> bool:
    """Return whether the unit tests of some packages fail on a copy of the repository."""
    call = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    names = dict.fromkeys(name for package in packages for name in TESTS[package])
    call += [f"tests/unit/test_{name}.py" for name in names]
    environment = os.environ | {"PYTHONPATH": str(copy / "workflow")}
    done = subprocess.run(call, cwd=copy, env=environment, capture_output=True)
    return done.returncode == 1


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        kept = shutil.ignore_patterns("results", "figures_", ".venv", ".git", ".snakemake", "logs")
        shutil.copytree(ROOT, copy, ignore=kept)
        assert not notices(copy, *TESTS), "the tests fail without any fault"
        missed = []
        for fault in FAULTS:
            path = copy / "workflow/rewardlab" / fault.module
            text = path.read_text()
            assert fault.right in text, f"{fault.module} no longer has {fault.right!r}"
            path.write_text(text.replace(fault.right, fault.wrong, 1))
            noticed = notices(copy, fault.module.partition("/")[0])
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
