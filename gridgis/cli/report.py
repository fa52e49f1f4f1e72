"""What several commands print: report rows, tables of figures, a progress bar on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from gridgis import model

SHOWN = {"info": 3, "warning": 5, "unmet": 8}
"""So many report rows of one kind are printed."""
MARKS = {"info": "·", "warning": "!", "unmet": "✗"}
STAGES = {
    "atoms": "切块 atoms", "level 2": "二级 level 2", "level 2, exact": "二级求精 level 2, exact",
    "certify": "证明 certify", "level 3": "三级 level 3", "divide": "重划 divide anew",
    "verify": "核查 verify", "sheets": "图纸 sheets", "events": "事件 events",
}  # fmt: skip
"""Stages of long work as they are shown."""


def console() -> Console:
    """Return a console on stdout; where that is no terminal its lines are long, so that tables stay whole."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, width=160)


def print_json(value: Any) -> None:
    """Print plain data as JSON on stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else str(value)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], numbers: int = 0, compact: bool = False
) -> None:
    """Print a table; the last ``numbers`` columns are aligned to the right. ``compact``: without lines, narrower."""
    style: dict[str, Any] = {"box": SIMPLE_HEAD, "padding": (0, 1, 0, 0)} if compact else {}
    table = Table(title=title, title_justify="left", **style)
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if i >= len(columns) - numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*["–" if v is None else str(v) for v in row])
    console().print(table)


def print_rows(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print report rows, Chinese first; of one kind (stage, rule, severity) SHOWN, then how many more there are."""
    out, seen, left = console(), dict[tuple[str, ...], int](), dict[tuple[str, ...], int]()
    for row in rows:
        kind: tuple[str, ...] = (str(row["stage"]), str(row["rule"]), str(row["severity"]))
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] > SHOWN.get(kind[2], 5):
            left[kind] = left.get(kind, 0) + 1
            continue
        mark = MARKS.get(kind[2], "·")
        out.print(f"{mark} [{kind[0]}/{kind[1]}] {row['zh']}\n    {row['en']}", markup=False, soft_wrap=True)
    for group, count in left.items():
        zh, en = f"{'/'.join(group[:2])} 另有 {count} 条", f"{count} more of {'/'.join(group[:2])}; all are in the file"
        out.print(f"{MARKS.get(group[2], '·')} {zh}，见文件 / {en}", markup=False, soft_wrap=True)


@contextmanager
def progress_bar(silent: bool = False) -> Iterator[model.Progress]:
    """Draw the progress of long work on stderr; only on a terminal, and not when silent."""
    if silent or not sys.stderr.isatty():
        yield model.no_progress
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(STAGES.get(stage, stage), total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show
