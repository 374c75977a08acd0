"""Ten thousand reconnects at random cuts while notifications are written: does anyone miss one?

Forty browsers of twenty people are cut by RST after some bytes or some milliseconds, also within a
message, and come back with the last number they saw (`tests/services/realtime/cuts.py`). At the end
each must have seen exactly the numbers that the database holds, in order, none twice.
`PYTHONPATH=. python bench/reconnects.py`
"""

import asyncio
import sys

from bench import served
from bench.marks import Figure, show
from studium import bootstrap
from tests.services.realtime.cuts import Storm, listeners

RECONNECTS = 10_000
TELLERS = 4


async def main() -> bool:
    async with (
        served.engines() as settings,
        bootstrap.open_engines(settings) as engines,
        served.studium(settings, "run", "realtime") as app,
    ):
        storm = Storm(app.url, engines, listeners(accounts=20, browsers=2))
        await storm.rage(RECONNECTS, pause_seconds=0.02, tellers=TELLERS)
        wrong = await storm.wrong()
        kept = sum((await storm.kept()).values())
    for each in wrong:
        print(each)
    what = f"{storm.cuts:,} reconnects: browsers that saw a gap or a repeat"
    inside = sum(each.cuts_inside for each in storm.listeners)
    beside = f"{inside:,} cut after a message, {kept:,} notifications written meanwhile"
    gaps = Figure(what, f"{len(wrong)} of {len(storm.listeners)}", beside, len(wrong), 0, "")
    return show("reconnects", "reconnects at random cuts", [gaps])


if __name__ == "__main__":
    sys.exit(not asyncio.run(main()))
