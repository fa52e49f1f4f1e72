# make demo: the main job on the sample street.   make test: all tests.   make lint: format, types, layers, spelling.
# Each installs what it needs by itself, into .venv.
PYTHON ?= python3
comma := ,
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Where everything is required (continuous integration), the peers of the benchmarks are tested too.
EXTRAS := dev$(if $(filter 1,$(GRIDGIS_REQUIRE)),$(comma)bench)

.PHONY: demo test lint install system clean

demo: $(INSTALLED)
	@$(BIN)/gridgis demo -o demo

test: $(INSTALLED) system
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

lint: $(INSTALLED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

install: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "需要 Python 3.11 以上：make PYTHON=python3.11 / Python 3.11 or newer is needed"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
	  echo "无法建立虚拟环境，请安装 python3-venv / cannot make a virtual environment: install python3-venv"; exit 1; }
	@echo "安装依赖，第一次需几分钟 / installing dependencies, minutes the first time ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	@touch $@

# The browser tests need Chromium and a Chinese font. Without them, or without the right to install them, these tests
# are left out, loudly; with GRIDGIS_REQUIRE=1 (continuous integration) they fail instead. PostGIS is a peer of the
# benchmarks: only then is it installed.
system:
	@if ! command -v chromium >/dev/null || ! fc-list :lang=zh 2>/dev/null | grep -q .; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "安装 Chromium 与中文字体 / installing Chromium and a Chinese font ..."; \
	    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	      chromium fonts-noto-cjk fontconfig; } >/dev/null || true; \
	  fi; \
	fi
	@if [ "$(GRIDGIS_REQUIRE)" = 1 ] && ! ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1; then \
	  echo "安装 PostGIS / installing PostGIS ..."; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    postgresql-postgis; } >/dev/null || true; \
	fi
	@{ command -v chromium >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q .; } || { \
	  echo "!!! 没有 Chromium 或中文字体，浏览器测试将略过 / no Chromium or no Chinese font: the browser tests are left out"; \
	  echo "!!! apt-get install chromium fonts-noto-cjk fontconfig"; }

clean:
	rm -rf $(VENV) demo
