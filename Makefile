# make demo: install what the demo needs into .venv and open it in the browser.
# make test: install what the tests need and run them.
# make without-torch: install reading and the page without PyTorch into .venv-onnx, read photos, also through the page.
# make tutorials: install what they need and open the notebooks.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test without-torch tutorials lint clean

demo: .venv/serve.stamp
	$(BIN)/python app.py

test: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest

without-torch:
	test -d .venv-onnx || $(PYTHON) -m venv .venv-onnx
	.venv-onnx/bin/python -m pip install -q --disable-pip-version-check ".[onnx,demo]"
	! .venv-onnx/bin/python -c 'import torch' 2>/dev/null
	.venv-onnx/bin/lpgan-demo read --weights weights examples
	.venv-onnx/bin/lpgan-demo demo --weights weights --backend onnx --port 7871 & page=$$!; trap "kill $$page" EXIT; \
	for second in $$(seq 60); do \
	  .venv-onnx/bin/python -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:7871/healthz")' 2>/dev/null && break; \
	  sleep 1; done; \
	.venv-onnx/bin/python examples/ask_the_page.py http://127.0.0.1:7871 examples/*.png

tutorials: .venv/serve.stamp
	$(BIN)/python -m jupyter lab tutorials

lint: .venv/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/serve.stamp: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make demo PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || { echo "Python's venv module is needed: sudo apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements.txt
	@$(BIN)/python -c 'import cv2' || { echo "OpenCV needs system libraries: sudo apt-get install libgl1 libglib2.0-0"; exit 1; }
	touch $@

.venv/dev.stamp: .venv/serve.stamp requirements-dev.txt
	$(BIN)/python -m pip install -q --disable-pip-version-check -r requirements-dev.txt
	touch $@

clean:
	rm -rf .venv .venv-onnx .pytest_cache .ruff_cache
