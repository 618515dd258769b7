# The two commands of the README are `make figures` and `make test`; `make help` lists the others.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= all
BENCH ?= tests/bench

.PHONY: help figures test lint format report bench bench-gpu cluster faults schema clean

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## */  make \1\t/' | expand -t 20

figures: $(VENV)/.installed ## make the environment, and every figure, table and claim
	$(BIN)/snakemake --cores $(CORES)

test: $(VENV)/.installed ## make the environment, and run all tests
	$(BIN)/python -m pytest

lint: $(VENV)/.installed ## check the style of Python and Snakemake code
	$(BIN)/ruff check workflow tests
	$(BIN)/ruff format --check workflow tests
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

format: $(VENV)/.installed ## rewrite the code in the project's style
	$(BIN)/ruff check --fix workflow tests
	$(BIN)/ruff format workflow tests
	$(BIN)/snakefmt Snakefile workflow/rules

report: figures ## build report.html: the claims, and all figures with captions
	$(BIN)/snakemake --report report.html

bench: $(VENV)/.installed ## time what has to be fast (BENCH=tests/bench/bench_ppo.py: PPO alone)
	$(BIN)/python -m pytest $(BENCH) --benchmark-only --benchmark-columns=min,median,rounds

bench-gpu: $(VENV)/.installed ## time the paper's policies on a graphics card, with random weights
	PYTHONPATH=workflow $(BIN)/python tests/bench/time_on_gpu.py

cluster: $(VENV)-slurm/.installed ## run the workflow on a Slurm of one node, brought up for that; needs root
	$(VENV)-slurm/bin/python -m pytest tests/cluster -x -p no:cacheprovider

faults: $(VENV)/.installed ## plant mistakes one by one, and see whether the tests notice
	$(BIN)/python tests/faults.py

schema: $(VENV)/.installed ## write the JSON schema of config.yaml, for editors
	$(BIN)/python -m rewardlab.settings.compose > workflow/schemas/config.schema.json

clean: ## remove results, figures and logs, but not the environment
	rm -rf results figures logs report.html .snakemake .pytest_cache .ruff_cache .benchmarks

$(VENV)/.installed: envs/lock.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r envs/lock.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# Slurm's plugin stands beside the environment, not in it: it asks for a controller at every start.
$(VENV)-slurm/.installed: $(VENV)/.installed envs/slurm.txt envs/generic.txt
	$(PYTHON) -m venv $(VENV)-slurm
	$(BIN)/python -c "import site; print(site.getsitepackages()[0])" > $$($(VENV)-slurm/bin/python -c "import site; print(site.getsitepackages()[0])")/base.pth
	$(VENV)-slurm/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r envs/slurm.txt -r envs/generic.txt
	@touch $@
