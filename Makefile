# Each target works on a fresh clone with nothing but Python 3.10 or later.
PYTHON ?= python3
BIN := .venv/bin
FILES := $(sort $(shell find kedro -name __pycache__ -prune -o -type f -print))

export DO_NOT_TRACK := 1

.PHONY: demo test lint features bench parts soak fuzz compat record patches \
	rebase-check clean FORCE

demo: .venv/installed
	$(BIN)/python examples/model-serving/demo.py

test: .venv/installed
	$(BIN)/pytest -n auto --dist loadfile -p no:benchmark

# mypy sees the modules inside the merged package, where their imports resolve.
lint: .venv/installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy hatch_build.py tools benchmarks compat
	cd build/editable && $(CURDIR)/$(BIN)/mypy --config-file $(CURDIR)/pyproject.toml \
		--cache-dir $(CURDIR)/.mypy_cache $(filter %.py,$(FILES))

features: .venv/installed
	$(BIN)/behave

# QUICK=1 measures little; STRICT=1 fails if a target is not met.
bench: .venv/installed
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(STRICT),--strict)

# What the parts of a run cost on this machine.
parts: .venv/installed
	$(BIN)/pytest benchmarks --benchmark-columns=min,median,iqr,rounds --benchmark-sort=name

# Sessions under load and over time, for some minutes; SOAK says how much more than in
# `test`.
SOAK ?= 20
soak: .venv/installed
	KEDRO_SOAK=$(SOAK) $(BIN)/pytest -p no:benchmark --timeout 3600 \
		tests/framework/session/test_model.py tests/reliability

# Arguments of any kind for a session, for MINUTES, guided by the code that they reach.
MINUTES ?= 5
fuzz: build/fuzz/installed
	mkdir -p build/fuzz/corpus
	build/fuzz/env/bin/python tests/reliability/fuzz.py build/fuzz/corpus \
		-max_total_time=$$((60 * $(MINUTES))) -max_len=400 -len_control=0 -timeout=60 \
		-artifact_prefix=build/fuzz/ -verbosity=1

# NEWEST=1 tries the newest plugins there are, instead of those of compat/plugins.txt.
compat: build/compat/installed$(if $(NEWEST),-newest)
	build/compat/env/bin/python -m compat

# Needs no installed tree: a record that is out of date keeps the tree from installing.
record: .venv/bin/python
	$(BIN)/python -m tools.record_upstream

# For kedro's maintainers. CHECK=1 applies patch after patch, and runs the tests of each.
patches: .venv/installed
	$(BIN)/python -m tools.patches $(if $(CHECK),--check)

# What another release has for the modules of this tree: BASE=1.x.y says which.
rebase-check: .venv/bin/python
	$(BIN)/python -m tools.rebase_check $(or $(BASE),$(error Say which release: make rebase-check BASE=1.x.y))

clean:
	rm -rf .venv build dist .benchmarks .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/installed: pyproject.toml hatch_build.py upstream.json build/files.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

# The fork as its users install it, in an environment beside ours.
build/compat/installed: compat/plugins.txt pyproject.toml hatch_build.py upstream.json $(FILES)
	test -x build/compat/env/bin/python || $(PYTHON) -m venv build/compat/env
	build/compat/env/bin/python -m pip install --quiet -r compat/plugins.txt .
	@touch $@

# atheris looks at bytecode, and has wheels for the versions of Python that it knows.
build/fuzz/installed: pyproject.toml hatch_build.py upstream.json build/files.txt
	test -x build/fuzz/env/bin/python || $(PYTHON) -m venv build/fuzz/env
	build/fuzz/env/bin/python -m pip install --quiet 'atheris>=2.3,<4' \
		'kedro-datasets[json-jsondataset]>=7,<10' --editable .
	@touch $@

build/compat/installed-newest: FORCE
	rm -rf build/compat
	$(PYTHON) -m venv build/compat/env
	sed 's/==.*//' compat/plugins.txt > build/compat/newest.txt
	build/compat/env/bin/python -m pip install --quiet -r build/compat/newest.txt .

.venv/bin/python:
	$(PYTHON) -m venv .venv

# Written only when a file of the tree comes or goes: editing one needs no new install.
build/files.txt: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(FILES) | cmp --silent - $@ || printf '%s\n' $(FILES) > $@
