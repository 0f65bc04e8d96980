"""How long a dataset takes to be read, by its size, the service's pace and how often others update it.

``python -m benchmarks.simulated_reads``, from the folder of the tests, prints the table of decision 20. A
page of 100 entries is a call, one after the other; a read during which somebody updated the dataset is done
again, ten times at most (`truthline.sync.service.reading`). What the service allows a second is not
published.
"""

from __future__ import annotations

import random
import sys
from statistics import median

PAGE = 100
READS = 10
ROUNDS = 4_000


def seconds_of_a_read(entries: int, calls_a_second: float, latency: float) -> float:
    """One undisturbed read: each page waits for the one before it, and for its turn."""
    return -(-entries // PAGE) * max(latency, 1 / calls_a_second)


def read(once: float, minutes_between_updates: float, rnd: random.Random) -> tuple[float, bool]:
    """Seconds until a read was undisturbed or given up, and whether it was read."""
    passed = 0.0
    for _ in range(READS):
        if not minutes_between_updates:
            return once, True
        until_update = rnd.expovariate(1 / (60 * minutes_between_updates))
        passed += once  # that it was disturbed shows at its end
        if until_update > once:
            return passed, True
    return passed, False


def main() -> None:
    rnd = random.Random(5)  # noqa: S311
    say = sys.stdout.write
    say("entries  calls/s  an update every   one read   in the end   given up\n")
    for entries in (20_000, 250_000, 500_000):
        for rate in (5, 20):
            once = seconds_of_a_read(entries, rate, 0.08)
            for minutes in (0, 60, 10):
                found = [read(once, minutes, rnd) for _ in range(ROUNDS)]
                taken = median(seconds for seconds, _ in found) / 60
                lost = 100 * sum(not done for _, done in found) / ROUNDS
                every = f"{minutes} min" if minutes else "never"
                say(
                    f"{entries:>7}  {rate:>7}  {every:>15}  {once / 60:>5.1f} min"
                    f"  {taken:>6.1f} min  {lost:>6.1f} %\n"
                )


if __name__ == "__main__":
    main()
