# make demo      estimate a small New Keynesian model on US data: no training, a few minutes
# make test      everything but the slow tests, on every core
# make check     format, lint, types, which room may use which, and the website
# make docs      build the website into build/site; installs what it needs, then works offline
# make wheel     build and check what is published, install the wheel without extras elsewhere and estimate there
# make release   leave wheel and source distribution in dist/; run the README's ten lines with them, some minutes

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt
export OMP_NUM_THREADS ?= 1

# make benchmark measure everything that docs/ quotes; hours
# make artifacts train, certify and export the surrogates that ship, from fixed seeds; hours

.PHONY: demo test check docs wheel release benchmark artifacts

demo: $(VENV)/installed-demo
	$(BIN)/dsge-surrogate estimate examples/herbst_schorfheide.toml --output results/herbst_schorfheide

test: $(VENV)/installed-all
	$(BIN)/python -m pytest -m "not slow" --numprocesses logical --dist loadfile

check: $(VENV)/installed-all
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports --no-cache
	$(MAKE) docs

docs: $(VENV)/installed-docs
	$(BIN)/python -m website build/pages
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

wheel: $(VENV)/installed-all
	.ci/wheel

release: $(VENV)/installed-all
	.ci/release

$(VENV)/installed-demo: pyproject.toml constraints.txt | $(VENV)
	$(INSTALL) --editable ".[plot]"
	touch $@

$(VENV)/installed-docs: pyproject.toml constraints.txt | $(VENV)
	$(INSTALL) --editable ".[docs]"
	touch $@

$(VENV)/installed-all: pyproject.toml constraints.txt | $(VENV)
	$(INSTALL) --editable ".[train,plot,distributed,test,dev]"
	touch $@

$(VENV):
	$(PYTHON) -m venv $(VENV)

benchmark: $(VENV)/installed-all
	for name in filters inversion inversion_posterior cores reference_likelihood estimation economies methods existence_nk_zlb coverage \
		learnt_likelihood responses simulated_moments published_experiment graphs krusell_smith krusell_smith_at_one_calibration krusell_smith_ar1 populations continuous_time hank hank_zlb hank_bound hank_estimation olg_few irbc irbc_seeds exchange mutations kills external_code house; do \
		$(BIN)/python -m benchmarks.$$name || exit 1; \
	done
	for seed in 1 2 3; do \
		run=results/krusell_smith-$$seed; \
		OMP_NUM_THREADS=2 $(BIN)/dsge-surrogate train krusell_smith --seed $$seed --output $$run.pt && \
		$(BIN)/dsge-surrogate export $$run.pt $$run && \
		$(BIN)/dsge-surrogate reduce krusell_smith_reduced $${run}_reduced --full $$run || exit 1; \
	done
	$(BIN)/python -m benchmarks.krusell_smith_seeds artifacts/krusell_smith results/krusell_smith-[123]
	for seed in 1 2; do \
		run=results/olg-$$seed; \
		$(BIN)/dsge-surrogate train olg --seed $$seed --output $$run.pt && \
		$(BIN)/dsge-surrogate export $$run.pt $$run || exit 1; \
	done
	$(BIN)/python -m benchmarks.olg results/olg-[12]
	$(BIN)/python -m benchmarks.wealth_moments
	$(BIN)/python -m benchmarks.hank_estimation hank_zlb
	for name in an_schorfheide an_schorfheide_zlb; do $(BIN)/python -m benchmarks.existence $$name || exit 1; done
	$(BIN)/python -m benchmarks.us_estimations results

artifacts: $(VENV)/installed-all
	for model in ramsey rbc brock_mirman nk_linear olg_analytic an_schorfheide an_schorfheide_zlb nk_zlb \
			consumption_saving krusell_smith krusell_smith_continuous hank hank_zlb olg irbc; do \
		$(BIN)/dsge-surrogate train $$model --output results/$$model.ckpt && \
		$(BIN)/dsge-surrogate export results/$$model.ckpt artifacts/$$model || exit 1; \
	done
	$(BIN)/dsge-surrogate reduce krusell_smith_reduced artifacts/krusell_smith_reduced --full artifacts/krusell_smith
	$(BIN)/dsge-surrogate reduce krusell_smith_continuous_reduced artifacts/krusell_smith_continuous_reduced --full artifacts/krusell_smith_continuous
	for model in hank hank_zlb; do \
		$(BIN)/dsge-surrogate reduce $${model}_reduced artifacts/$${model}_reduced --full artifacts/$$model \
			--checkpoint results/$$model.ckpt || exit 1; \
	done
