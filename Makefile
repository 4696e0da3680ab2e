# Needs Python 3.11 or later, make and git. Everything else is set up here, in .venv/ and var/.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# A process a core and one more, since many tests wait for a browser or for processes of their own; each has its own
# databases. One that has nothing left takes over half of what another has.
IN_PARALLEL = -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist worksteal
# The tests start hundreds of processes: what one of them compiled, the others need not compile again.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help demo test check messages bench lock

help: ## these lines
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: .venv/run ## a seeded night, web and workers, one live job; opens nothing to the outside
	@$(BIN)/python manage.py demo --port $(PORT)

test: .venv/dev ## the test suite, on every database and browser that is found here
	@$(BIN)/python -m pytest -m "not long" $(IN_PARALLEL)

check: .venv/dev ## every gate, cheapest first
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	git ls-files 'templates/*.html' | xargs $(BIN)/djade --check --target-version 5.2
	$(BIN)/lint-imports
	$(BIN)/mypy .
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') BASE_URL=https://desk.example.com ALLOWED_HOSTS=desk.example.com $(BIN)/python manage.py check --deploy --fail-level WARNING
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -m "not long" $(IN_PARALLEL)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: .venv/bench ## the benchmarks, one JSON line each
	@$(BIN)/python -m tests.bench

lock: .venv/lock ## write the hash-locked requirements from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header pyproject.toml --group dev --group bench -c requirements-dev.txt -o requirements-bench.txt

# Each stamp is newer than the lock it was installed from.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Nightdesk needs Python 3.11 or later; say PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m venv .venv

.venv/run: requirements.txt | .venv/bin/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev: requirements-dev.txt | .venv/bin/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/run

.venv/bench: requirements-bench.txt | .venv/bin/python
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.txt
	@touch $@ .venv/dev .venv/run

.venv/lock: | .venv/bin/python
	@$(BIN)/pip install --quiet --disable-pip-version-check 'uv>=0.13,<0.14'
	@touch $@

messages: .venv/run ## collect what is to be translated and compile it; needs GNU gettext
	@$(BIN)/python manage.py makemessages --locale de --add-location file --no-wrap --no-obsolete --ignore .venv --ignore var --ignore tests
	@$(BIN)/python manage.py compilemessages --ignore .venv --ignore var --verbosity 0
