# Every target makes its own .venv first; nothing else on the machine is touched.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-slow check check-gpu format overhead clean

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@# One of its dependencies has no wheel: without a C compiler this extra, and its tests, are left out.
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[reasoning]' || \
	  echo 'paceline[reasoning] could not be installed (it needs a C compiler): its tests are left out'
	@# Built from source, in seconds and without a compiler; where that fails, its tests are left out.
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[peers]' || \
	  echo 'paceline[peers] could not be installed: exported schedules are not tried on DeepSpeed'
	touch $@

demo: .venv/installed ## two suites, real students, a report: minutes on two cores; give it again to go on
	$(BIN)/python -m benchmarks.demo

test: .venv/installed ## the default tier: eight to sixteen minutes on two cores, by the processor
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-slow: .venv/installed ## learning tests: minutes each
	$(BIN)/python -m pytest -m slow

check: .venv/installed ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

overhead: .venv/installed ## what a curriculum costs, against the bare training loop
	$(BIN)/python -m benchmarks.studies.overhead

check-gpu: .venv/installed ## on a machine with a GPU: laws, agreement with the CPU, kill and resume, speed
	$(BIN)/python -m benchmarks.studies.gpu --out benchmarks/results/gpu.json

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
