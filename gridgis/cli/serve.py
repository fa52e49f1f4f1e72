"""``gridgis serve``: the API and the viewer page of a registry, on this machine only."""

from __future__ import annotations

import ipaddress
import socket
from typing import Annotated, Any

import typer

from gridgis.cli.app import app
from gridgis.errors import Forbidden, InvalidInput


@app.command("serve")
def serve_command(
    registry: Annotated[str, typer.Argument(help="注册库 / registry (.gpkg)")],
    host: Annotated[str, typer.Option(help="只能是本机地址 / a loopback address only")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="端口 / port")] = 8000,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出地址 / print the addresses as JSON")] = False,
) -> None:
    """启动查询服务与地图页面，仅限本机访问。 / Serve the API and the viewer page, on this machine only.

    例 / example:

    gridgis serve registry.gpkg --port 8000
    """
    refuse_other_hosts(host)
    need_free_port(host, port)
    import uvicorn

    from api.main import create_app

    name = f"[{host}]" if ":" in host else host
    application = create_app(registry, name)
    _announce(f"http://{name}:{port}", as_json)
    uvicorn.run(application, host=host, port=port, log_level="warning", server_header=False)


def refuse_other_hosts(host: str) -> None:
    """Refuse an address that other machines can reach: there are no users and rights yet (SEMANTICS 23).

    Raises
    ------
    Forbidden
        The host is no loopback address.
    """
    if host == "localhost":
        return
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = False
    if not local:
        raise Forbidden(
            f"不能在 {host} 上提供服务：目前还没有用户与权限，只能绑定本机地址 127.0.0.1、::1 或 localhost",
            f"cannot serve on {host}: without users and rights only 127.0.0.1, ::1 or localhost are allowed",
            host=host,
        )


def need_free_port(host: str, port: int) -> None:
    """Refuse a port that is taken.

    Raises
    ------
    InvalidInput
        Another program listens there, or the port may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as e:
            raise InvalidInput(
                f"端口 {port} 不能使用（{e.strerror}）：可能已被占用，请用 --port 换一个",
                f"cannot use port {port} ({e.strerror}): it may be in use; choose another with --port",
                port=port,
            ) from e


def _announce(address: str, as_json: bool) -> None:
    pages: dict[str, Any] = {"viewer": f"{address}/", "docs": f"{address}/docs"}
    if as_json:
        from gridgis.cli.report import print_json

        print_json(pages)
        return
    typer.echo(f"地图 / viewer: {pages['viewer']}\n接口 / API docs: {pages['docs']}\nCtrl+C 停止 / to stop")
