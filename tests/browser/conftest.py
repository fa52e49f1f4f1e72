"""Headless Chromium, and pages that write down what they ask for and complain of."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--enable-unsafe-swiftshader",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip


@dataclass
class Watched:
    """A page with its requests to elsewhere and its complaints."""

    page: Any
    elsewhere: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def asked(self, request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("file", "data", "blob") and address.hostname != "127.0.0.1":
            self.elsewhere.append(request.url)

    def said(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


def need(there: bool, what: str) -> None:
    """Skip with a clear word where something is missing; fail where GRIDGIS_REQUIRE=1 says that it must be there."""
    if there:
        return
    if os.environ.get("GRIDGIS_REQUIRE") == "1":
        pytest.fail(f"GRIDGIS_REQUIRE=1, but there is no {what}")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    need(chromium is not None, "Chromium on the PATH (Debian: apt-get install chromium)")
    fonts = (
        subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout
        if shutil.which("fc-list")
        else b""
    )
    need(bool(fonts.strip()), "Chinese font (Debian: apt-get install fonts-noto-cjk)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as p:
        chrome = p.chromium.launch(executable_path=chromium, args=FLAGS)
        yield chrome
        chrome.close()


@pytest.fixture(scope="module")
def windows(browser: Any) -> Iterator[Callable[..., Watched]]:
    """Return a function that opens an address in a fresh window, and waits until a selector is there."""
    contexts = []

    def go(address: str, ready: str, size: tuple[int, int] = (1280, 800)) -> Watched:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        watched = Watched(page)
        page.on("request", watched.asked)
        page.on("console", watched.said)
        page.on("pageerror", lambda error: watched.complaints.append(str(error)))
        page.goto(address)
        page.locator(ready).first.wait_for(state="attached", timeout=60_000)
        return watched

    yield go
    for context in contexts:
        context.close()


@pytest.fixture
def visit(windows: Callable[..., Watched]) -> Callable[..., Watched]:
    """Return ``windows``: each call opens a fresh one."""
    return windows


@pytest.fixture(scope="session")
def map_file(town_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of the sample street's map file."""
    from gridgis.service.showing import show_file
    from maps import write_map

    shown = show_file(town_registry)
    path = tmp_path_factory.mktemp("map") / "map.html"
    write_map(path, shown.grids, shown.context, shown.cards, shown.title, shown.subtitle)
    return path.as_uri()
