# make demo: the main job on the sample street.   make test: all tests.   make lint: format, types, layers, spelling.
# make coverage: all tests, and which lines they ran.   make faults: crashes and crowds of writers, in full.
# make bundle: a folder from which an office without a network installs (docs/howto-offline.md).
# Each installs what it needs by itself, into .venv.
PYTHON ?= python3
comma := ,
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Where everything is required (continuous integration), the peers of the benchmarks are tested too.
EXTRAS := dev$(if $(filter 1,$(GRIDGIS_REQUIRE)),$(comma)bench)

.PHONY: demo test kernels coverage faults lint install system bundle clean

demo: $(INSTALLED)
	@$(BIN)/gridgis demo -o demo

test: $(INSTALLED) system
	$(BIN)/python -m pytest -n 2 --dist loadgroup --durations=25

# Compiling the engine takes a minute, once: in a fresh clone each worker of the tests would do it, at the same time.
kernels: $(INSTALLED)
	@folder=$$(mktemp -d) && $(BIN)/gridgis demo -o $$folder >/dev/null && rm -rf $$folder

# Tracing every line takes tests a quarter longer, so it is not part of `make test`.
coverage: $(INSTALLED) system
	$(BIN)/python -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

# The faults that a registry must survive, in full: 300 kill -9 on each store, 10,000 codes by 8 writers; about an hour.
# Then the readers of files, given mutated ones: 15 of them, a minute each.
faults: $(INSTALLED) system
	$(BIN)/python -m tests.registry.faults
	$(BIN)/python -m tests.io.fuzz --seconds 900

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

# The browser tests need Chromium and a Chinese font, the tests of the second store PostgreSQL with PostGIS. Without
# them, or without the right to install them, these tests are left out, loudly; with GRIDGIS_REQUIRE=1 (continuous
# integration) they fail instead.
HAS_BROWSER := command -v chromium >/dev/null && fc-list :lang=zh 2>/dev/null | grep -q .
HAS_POSTGIS := ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1
INSTALL := apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends

system:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  { $(HAS_BROWSER); } || { echo "安装 Chromium 与中文字体 / installing Chromium and a Chinese font ..."; \
	    { $(INSTALL) chromium fonts-noto-cjk fontconfig; } >/dev/null || true; }; \
	  { $(HAS_POSTGIS); } || { echo "安装 PostGIS / installing PostGIS ..."; \
	    { $(INSTALL) postgresql-postgis; } >/dev/null || true; }; \
	fi
	@{ $(HAS_BROWSER); } || { \
	  echo "!!! 没有 Chromium 或中文字体，浏览器测试将略过 / no Chromium or no Chinese font: the browser tests are left out"; \
	  echo "!!! apt-get install chromium fonts-noto-cjk fontconfig"; }
	@{ $(HAS_POSTGIS); } || { \
	  echo "!!! 没有 PostGIS，注册库的测试只在 GeoPackage 上运行 / no PostGIS: the registry is tested in a GeoPackage only"; \
	  echo "!!! apt-get install postgresql-postgis"; }

# For this machine, and tried at once; or make bundle PLATFORM=windows, PLATFORM=linux, PY=3.12 (wheels fit one version).
bundle: $(INSTALLED)
	@$(BIN)/python -m bundle.build $(if $(PLATFORM),--system $(PLATFORM)) $(if $(PY),--python $(PY))

clean:
	rm -rf $(VENV) demo dist
