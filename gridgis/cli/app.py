"""The command ``gridgis``: registers the families of commands, and turns errors into messages and exit codes."""

from __future__ import annotations

import sys

import typer

from gridgis.errors import Conflict, Forbidden, GridgisError, Rejected

app = typer.Typer(
    name="gridgis",
    help="城乡社区网格：划分、编码、备案、查询、地图。 / Community service grids: divide, code, register, locate, map.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def exit_code(error: GridgisError) -> int:
    """Return 1 where the answer is no, 2 where the input is bad."""
    return 1 if isinstance(error, Rejected | Conflict | Forbidden) else 2


INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it (128 + SIGINT)."""


def main() -> None:
    """Run the command line; a GridgisError, OSError or Ctrl-C is told in both languages, never as a traceback."""
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            typer.echo("已中断，没有留下写了一半的文件 / interrupted; no file is left half-written", err=True)
        raise
    except GridgisError as error:
        typer.echo(f"错误：{error.zh}\nerror: {error.en}", err=True)
        sys.exit(exit_code(error))
    except BrokenPipeError:  # the reader, e.g. head, went away: no fault of ours
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # a full disk, a file that may not be read or written
        where = f" {error.filename}" if error.filename else ""
        typer.echo(
            f"错误：文件{where}无法读写：{error.strerror or error}\nerror: cannot read or write{where}: {error}",
            err=True,
        )
        sys.exit(2)
