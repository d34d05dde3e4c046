# make studio | make app | make test | make bench | make notebooks | make slides | make book | make doctor | make python
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help studio app test bench notebooks slides book doctor python

export PYTHONPATH := $(CURDIR)
BROWSER := chromium fonts-noto-core fonts-dejavu-core fonts-nanum
LIBRARIES := libgl1 libglib2.0-0
SANDBOX := bubblewrap
# Each visitor has a kernel of 1 GB. One whose page has been gone for ten minutes ends.
ABANDONED := --MappingKernelManager.cull_idle_timeout=600 --MappingKernelManager.cull_interval=60
BOOK := sphinx myst-nb sphinx-book-theme sphinx-revealjs

help:
	@echo "make studio     draw and search: JupyterLab on notebooks/07_draw_and_search.ipynb"
	@echo "make app        the same panel as a page without code, for people who never see a notebook"
	@echo "make test       everything CI runs"
	@echo "make bench      the figures in the README, measured here"
	@echo "make notebooks  execute all notebooks, keep their clean outputs, make the solutions and the Korean code anew"
	@echo "make slides     slides for teachers from the notebooks, in build/slides"
	@echo "make book       the course as a website, in build/book"
	@echo "make doctor     what is here, what is missing, and the command that mends it"
	@echo "make python     print the environment's interpreter"

studio:
	@python=$$(tools/environment.sh); \
	"$$python" -c 'import cv2' 2>/dev/null || tools/system.sh $(LIBRARIES); \
	"$$python" -m s2f_helpers.prepare; \
	export PATH="$$(dirname "$$python"):$$PATH"; \
	exec "$$python" -m jupyterlab notebooks/07_draw_and_search.ipynb $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB)

app:
	@python=$$(tools/environment.sh); \
	"$$python" -c 'import cv2' 2>/dev/null || tools/system.sh $(LIBRARIES); \
	"$$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt voila; \
	"$$python" -m s2f_helpers.prepare; \
	export JUPYTER_PATH="$(CURDIR)/tools"; \
	exec "$$python" -m voila tools/app.ipynb --template studio $(ABANDONED) $(APP)

test:
	@tools/system.sh $(LIBRARIES) $(BROWSER) $(SANDBOX); \
	python=$$(tools/environment.sh); \
	"$$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt voila; \
	"$$python" -m ruff check .; \
	"$$python" -m ruff format --check .; \
	export S2F_PRESET=smoke TQDM_DISABLE=1; \
	"$$python" -m s2f_helpers.prepare; \
	"$$python" -m pytest tests s2f_helpers --doctest-modules --ignore tests/browser --durations 10; \
	"$$python" -m pytest -p tests.notebook_times --nbval --nbval-current-env --nbval-sanitize-with tests/nbval.cfg notebooks/*.ipynb; \
	"$$python" -m pytest tests/browser

bench:
	@python=$$(tools/environment.sh); \
	"$$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt ray; \
	for script in benchmarks/*.py; do echo "== $$script"; "$$python" "$$script"; done

notebooks:
	@python=$$(tools/environment.sh); \
	"$$python" tools/notebooks.py notebooks/*.ipynb; \
	"$$python" tools/solutions.py; \
	"$$python" tools/korean.py notebooks/*.ipynb

slides:
	@python=$$(tools/environment.sh); \
	"$$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(BOOK); \
	"$$python" tools/slides.py

book:
	@python=$$(tools/environment.sh); \
	"$$python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt $(BOOK); \
	"$$python" tools/book.py

doctor:
	@"$$(tools/environment.sh)" -m s2f_helpers doctor

python:
	@tools/environment.sh
