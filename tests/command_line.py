"""Run commands in this process: a process of its own spends three seconds of CPU on imports before it does anything."""

from __future__ import annotations

import contextlib
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridgis.cli import main


@dataclass(frozen=True)
class Result:
    """What a run of the command line said."""

    code: int
    out: str
    err: str


def run_command(*words: object, folder: Path | None = None) -> Result:
    """Run the command line as the console script does, in a working folder: its exit code, stdout and stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["gridgis", *map(str, words)])
        patch.chdir(folder or Path.cwd())
        with pytest.raises(SystemExit) as left:
            main()
    said = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return Result(int(left.value.code or 0), *said)
