"""A code once issued is never issued again: 10,000 allocations by plans that come and go in any order.

The slow oracle keeps the texts of all codes ever issued, and finds the next number by looking through all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from gridgis.coding import Scheme
from gridgis.errors import Rejected
from tests.coding.vectors_file import HERE

NATIONAL, NESTED, CJT = (Scheme.load(name) for name in ("national-15", "nested-18", "cjt349-20"))
LEVELLED = Scheme.from_toml(HERE / "schemes" / "levelled-17.toml")
GRID, SITE = "comprehensive", "dedicated"
Item = tuple[str, float, float, int | None, str, str]
NextCode = Callable[[set[str], Item, str, dict[str, str]], str]
"""(codes ever issued, grid, community, codes of this plan) -> the code that the grid must get."""


def national(ever: set[str], item: Item, community: str, ours: dict[str, str]) -> str:
    numbers = [int(c[12:]) for c in ever if c[:12] == community]
    return f"{community}{max(numbers, default=0) + 1:03}"


def cjt(ever: set[str], item: Item, community: str, ours: dict[str, str]) -> str:
    numbers = [int(c[18:]) for c in ever if c[6:18] == community]
    return f"000000{community}{max(numbers, default=0) + 1:02}"


def levelled(ever: set[str], item: Item, community: str, ours: dict[str, str]) -> str:
    start = f"{community}{item[3] or 0}"
    numbers = [int(c[13:16]) for c in ever if c[:13] == start]
    return f"{start}{max(numbers, default=0) + 1:03}G"


def nested(ever: set[str], item: Item, community: str, ours: dict[str, str]) -> str:
    kind = {GRID: "1", SITE: "2"}[item[4]]
    start = ours[item[5]][:14] if item[3] == 3 else community
    at = len(start)
    numbers = [int(c[at : at + 2]) for c in ever if c[:at] == start and c[16] == kind]
    digits = f"{start}{max(numbers, default=0) + 1:02}".ljust(16, "0") + kind
    return NESTED.build(community, [int(digits[12:14]), int(digits[14:16])], item[4])


@dataclass
class Plan:
    """One plan of a community: its grids, and the codes issued to them."""

    community: str
    items: list[Item]
    codes: dict[str, str] = field(default_factory=dict)


class World:
    """Plans that are drawn up, submitted, returned, withdrawn, filed and replaced in random order."""

    def __init__(self, scheme: Scheme, oracle: NextCode, size: int, seed: int) -> None:
        self.scheme, self.oracle, self.size, self.random = scheme, oracle, size, Random(seed)
        self.ever: dict[str, set[str]] = {}
        self.issued = self.full = self.made = 0
        self.plans: list[Plan] = []
        self.open = [self.new_community() for _ in range(3)]

    def new_community(self) -> str:
        community = f"{610902001 + len(self.ever) // 500:09}{len(self.ever) % 500 + 1:03}"
        self.ever[community] = set()
        return community

    def grids(self, community: str, count: int, above: list[str]) -> list[Item]:
        """Draw new grids on a line, so that their order is that of x."""
        out: list[Item] = []
        for _ in range(count):
            self.made += 1
            name, x = f"g{self.made}", self.random.random()
            level = self.random.choice([2, 2, 3, None])
            if level == 3 and above:
                out.append((name, x, 0.0, 3, GRID, self.random.choice(above)))
            elif level is None:
                out.append((name, x, 0.0, None, SITE, community))
            else:
                out.append((name, x, 0.0, 2, GRID, community))
                above = [*above, name]
        return out

    def step(self) -> None:
        """Let one thing happen."""
        action = self.random.choice(["new", "again", "again", "drop"])
        if action == "new" or not self.plans:
            place = self.random.randrange(len(self.open))
            self.plans.append(
                Plan(self.open[place], self.grids(self.open[place], self.random.randint(1, self.size), []))
            )
            self.submit(self.plans[-1])
        elif action == "again":  # returned, or filed and divided anew: some grids go, some come, the rest stay
            self.change(self.random.choice(self.plans))
        else:  # withdrawn, or retired as a whole; the same grids may come again, as new ones
            gone = self.plans.pop(self.random.randrange(len(self.plans)))
            if self.random.random() < 0.5:
                self.plans.append(Plan(gone.community, gone.items))
                self.submit(self.plans[-1])

    def change(self, plan: Plan) -> None:
        gone = {i[0] for i in plan.items if self.random.random() < 0.3}
        plan.items = [i for i in plan.items if i[0] not in gone and i[5] not in gone]
        above = [i[0] for i in plan.items if i[3] == 2]
        plan.items += self.grids(plan.community, self.random.randint(0, self.size), above)
        plan.codes = {i[0]: plan.codes[i[0]] for i in plan.items if i[0] in plan.codes}
        self.submit(plan)

    def submit(self, plan: Plan) -> None:
        """Issue codes to the grids without one, and hold them against the oracle."""
        new = [i for i in plan.items if i[0] not in plan.codes]
        ever = self.ever[plan.community]
        items = [(*i[:5], plan.codes.get(i[5], i[5])) for i in new]
        self.random.shuffle(items)
        issued = list(ever)
        self.random.shuffle(issued)
        try:
            got = self.scheme.allocate(items, issued, 1.0)
        except Rejected:  # full: nothing was allocated, and the community is left alone from here on
            self.full += 1
            self.plans = [p for p in self.plans if p.community != plan.community]
            if plan.community in self.open:
                self.open[self.open.index(plan.community)] = self.new_community()
            return
        self.check(plan, new, got)
        plan.codes |= got
        self.issued += len(got)

    def check(self, plan: Plan, new: list[Item], got: dict[str, str]) -> None:
        ever = self.ever[plan.community]
        ours = dict(plan.codes)
        for item in sorted(new, key=lambda i: (i[3] or 9, i[1])):
            want = self.oracle(ever, item, plan.community, ours)
            assert got[item[0]] == want
            assert want not in ever
            ours[item[0]] = want
            ever.add(want)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("scheme", "oracle", "size"),
    [(NATIONAL, national, 60), (NESTED, nested, 8), (CJT, cjt, 8), (LEVELLED, levelled, 100)],
    ids=["national-15", "nested-18", "cjt349-20", "levelled-17"],
)
def test_10_000_codes_are_new_ones_whatever_plans_did_before(scheme: Scheme, oracle: NextCode, size: int) -> None:
    world = World(scheme, oracle, size, seed=7)
    while world.issued < 10_000:
        world.step()
    assert sum(map(len, world.ever.values())) == world.issued
    assert world.full > 0  # some communities ran full on the way, and were refused


@pytest.mark.parametrize("scheme", [NATIONAL, NESTED, CJT, LEVELLED], ids=lambda s: s.name)
def test_a_grid_that_is_retired_and_added_again_gets_another_code(scheme: Scheme) -> None:
    item = ("a", 0.0, 0.0, 2, GRID, "610902001003")
    ever: list[str] = []
    for _ in range(5):
        ever += scheme.allocate([item], ever).values()
    assert len(set(ever)) == 5
