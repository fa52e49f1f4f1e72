"""Who may do what with a plan: the office that divides and the one that reviews differ by province (DOMAIN 3)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from gridgis.errors import Forbidden, InvalidInput, NotFound

STEPS = {
    "new": "登记",
    "revise": "修改",
    "submit": "上报",
    "withdraw": "撤回",
    "review": "审核",
    "return": "退回",
    "file": "备案",
}
"""What somebody can do with a plan, with its Chinese name."""

ANYBODY = "*"


@dataclass(frozen=True)
class Powers:
    """For each step the offices that may take it. Nobody verifies who comes as which office until there are users.

    Examples
    --------
    >>> powers = Powers.load("township-divides")
    >>> powers.need("submit", "township")
    >>> powers.need("file", "township")
    Traceback (most recent call last):
    gridgis.errors.Forbidden: “备案”由 county 办理，不能由“township”办理 / to file is for county, not for 'township'
    """

    name: str
    offices: dict[str, tuple[str, ...]]
    toml: str = ""
    """The text it was read from; '' where anybody may do anything."""

    @classmethod
    def load(cls, name: str | Path) -> Powers:
        """Load shipped powers by name, or one's own from a TOML file.

        Raises
        ------
        NotFound
            There are none of this name.
        InvalidInput
            The file is wrong.
        """
        folder = resources.files("gridgis") / "powers"
        file = Path(name) if str(name).endswith(".toml") else folder / f"{name}.toml"
        if not file.is_file():
            known = sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml"))
            raise NotFound(
                f"没有权限配置“{name}”；可用：{known}，或 .toml 文件", f"no powers '{name}': {known}, or a file"
            )
        return cls.from_text(file.read_text(encoding="utf-8"))

    @classmethod
    def from_text(cls, toml: str) -> Powers:
        """Read powers from TOML: a line for each of STEPS.

        Raises
        ------
        InvalidInput
            The text is no TOML, a step is missing or unknown, or is no list of names.
        """
        try:
            values = tomllib.loads(toml)
        except tomllib.TOMLDecodeError as e:
            raise InvalidInput(f"权限配置不是有效的 TOML：{e}", f"the powers are no valid TOML: {e}") from e
        name = str(values.pop("name", "")) or "own"
        missing, unknown = sorted(set(STEPS) - set(values)), sorted(set(values) - set(STEPS))
        if missing or unknown:
            raise InvalidInput(
                f"权限配置缺少 {missing}，多出 {unknown}；应恰有 {list(STEPS)}",
                f"the powers lack {missing} and have unknown {unknown}; there must be exactly {list(STEPS)}",
                missing=missing,
                unknown=unknown,
            )
        for step, offices in values.items():
            if not isinstance(offices, list) or not offices or not all(isinstance(o, str) and o for o in offices):
                raise InvalidInput(
                    f'权限配置中 {step} 应为单位名称的列表，如 ["county"]',
                    f'in the powers {step} must be a list of names of offices, e.g. ["county"]',
                    step=step,
                )
        return cls(name, {step: tuple(offices) for step, offices in values.items()}, toml)

    def need(self, step: str, office: str) -> None:
        """Refuse a step to an office that may not take it.

        Raises
        ------
        Forbidden
            Names the offices that may.
        """
        may = self.offices.get(step, (ANYBODY,))
        if ANYBODY in may or office in may:
            return
        who_zh, who_en = (
            (f"“{office}”", f"'{office}'") if office else ("未注明的单位（--office）", "an unnamed office (--office)")
        )
        raise Forbidden(
            f"“{STEPS[step]}”由 {'、'.join(may)} 办理，不能由{who_zh}办理",
            f"to {step} is for {', '.join(may)}, not for {who_en}",
            step=step,
            office=office,
            may=list(may),
        )


OPEN = Powers("open", {})
"""Anybody may do anything: a registry for which no powers were chosen."""
