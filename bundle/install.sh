#!/bin/sh
# Install gridgis from this folder, without a network: sh install.sh [FOLDER]   (or PYTHON=/path/to/python sh install.sh)
here=$(cd "$(dirname "$0")" && pwd)
for python in "${PYTHON:-python@PYTHON@}" "${PYTHON:-python3}"; do
  if "$python" -c "" 2>/dev/null; then exec "$python" "$here/install.py" "$@"; fi
done
echo "没有找到 Python：请先安装 Python @PYTHON@，或 PYTHON=解释器路径 sh install.sh" >&2
echo "No Python found: install Python @PYTHON@ first, or PYTHON=/path/to/python sh install.sh" >&2
exit 1
