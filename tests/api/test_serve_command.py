from __future__ import annotations

import json
import socket
import urllib.request
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from api.main import create_app
from gridgis.cli.app import exit_code
from gridgis.cli.commands import app
from gridgis.cli.serve import refuse_other_hosts
from gridgis.errors import Forbidden, GridgisError


def refused(*args: str | Path) -> GridgisError:
    error = CliRunner().invoke(app, ["serve", *map(str, args)]).exception
    assert isinstance(error, GridgisError)
    return error


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_a_host_that_others_can_reach_is_refused(host: str) -> None:
    with pytest.raises(Forbidden, match=r"127\.0\.0\.1"):
        refuse_other_hosts(host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_the_machines_own_addresses_are_allowed(host: str) -> None:
    assert refuse_other_hosts(host) is None


def test_the_command_refuses_before_it_opens_the_registry(tmp_path: Path) -> None:
    assert exit_code(refused(tmp_path / "none.gpkg", "--host", "0.0.0.0")) == 1


def test_a_port_in_use_is_bad_input(town_registry: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        error = refused(town_registry, "--port", str(taken.getsockname()[1]))
    assert (exit_code(error), "--port" in error.en) == (2, True)


def test_a_registry_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    assert exit_code(refused(tmp_path / "none.gpkg", "--port", "18999")) == 2


def test_the_command_serves_the_registry(town_server: str) -> None:
    with urllib.request.urlopen(f"{town_server}/health", timeout=20) as response:
        assert json.load(response)["revision"] == 1


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]", "[0:0:0:0:0:0:0:1]", "LOCALHOST"])
def test_the_server_answers_at_the_address_it_is_served_at(town_registry: Path, host: str) -> None:
    client = TestClient(create_app(town_registry, host), base_url=f"http://{host.lower()}:8000")
    assert client.get("/health").status_code == 200


def test_the_server_does_not_answer_at_another_address(town_registry: Path) -> None:
    client = TestClient(create_app(town_registry, "127.0.0.2"), base_url="http://127.0.0.3:8000")
    assert client.get("/health").status_code == 403


def test_the_command_hands_its_host_to_the_application(town_registry: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[FastAPI] = []
    monkeypatch.setattr("uvicorn.run", lambda application, **_: served.append(application))
    CliRunner().invoke(app, ["serve", str(town_registry), "--host", "127.0.0.2", "--port", "18997"])
    client = TestClient(served[0], base_url="http://127.0.0.2:18997")
    assert client.get("/health").status_code == 200
