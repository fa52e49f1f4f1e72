"""Make the sample street: ``python -m sample_shapes.make_town [FOLDER]`` (default: sample_shapes/town).

Everything is drawn from one seed, in plane metres, and written as lon/lat; the same files come out each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from sample_shapes import events, fringe, land_use, network, summary
from sample_shapes.plan import Town
from sample_shapes.write import write_layers

SEED = 20261001
SHARE_UNCOUNTED = 0.08


def draw(seed: int = SEED) -> Town:
    """Draw the whole town."""
    town = Town(np.random.default_rng(seed))
    network.draw_border(town)
    network.draw_great_lines(town)
    network.draw_streets(town)
    fringe.draw_tracks(town)
    network.node(town)
    network.draw_water(town)
    fringe.draw_ponds(town)
    land_use.build(town)
    network.draw_communities(town)
    fringe.build_hamlets(town)
    fringe.build_sheds(town)
    fringe.build_greenhouses(town)
    fringe.build_astride(town)
    forget_some_counts(town)
    return town


def forget_some_counts(town: Town) -> None:
    """Let some residential buildings lack their household count, and a few of these their storeys as well."""
    for b in town.buildings:
        lost = b.use == "residential" and b.households < 60 and town.rng.random() < SHARE_UNCOUNTED
        b.counted = not lost
        b.storeys_known = not (lost and town.rng.random() < 0.12)


def main(argv: list[str] | None = None) -> None:
    """Draw the town and write it."""
    args = sys.argv[1:] if argv is None else argv
    folder = Path(args[0]) if args else Path(__file__).parent / "town"
    town = draw()
    write_layers(town, folder)
    events.write_events(town, folder)
    events.write_people(town, folder)
    print(summary.table(town))


if __name__ == "__main__":
    main()
