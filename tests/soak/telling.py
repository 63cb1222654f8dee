"""The report: what was asked and answered, what was broken, and the verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.soak.judging import Breakage, Heard, Ledger, Memory, Prices


def of_traffic(ledger: Ledger) -> Iterator[str]:
    """Yield a line for each kind of traffic: answers by status, and how long they took."""
    yield f"{'':24}{'asked':>8}{'503':>6}{'p50':>9}{'p99':>9}{'longest':>9}   answers"
    for kind in sorted({one.kind for one in ledger.heard}):
        heard = [one for one in ledger.heard if one.kind == kind]
        statuses = Counter(one.status for one in heard)
        took = sorted(one.ended - one.began for one in heard)
        yield (
            f"{kind:24}{len(heard):8,}{statuses[503]:6,}{_ms(took, 0.5)}{_ms(took, 0.99)}{_ms(took, 1.0)}   "
            + ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
        )


def _ms(took: list[float], share: float) -> str:
    return f"{took[min(len(took) - 1, int(len(took) * share))] * 1000:6.0f} ms"


def of_breakages(ledger: Ledger, breakages: list[Breakage]) -> Iterator[str]:
    """Yield a line for each thing that was broken: how often, how long it was away, and what was answered by 503."""
    yield f"{'broken':56}{'times':>6}{'away':>9}{'503':>6}{'of':>8}{'longest':>9}"
    for name in dict.fromkeys(one.name for one in breakages):
        mine = [one for one in breakages if one.name == name]
        heard = [one for one in ledger.heard if any(breakage.covers(one) for breakage in mine)]
        away = max(one.ended - one.began for one in mine)
        longest = max((one.ended - one.began for one in heard), default=0.0)
        yield f"{name:56}{len(mine):6}{away:7.1f} s{_count(heard, 503):6,}{len(heard):8,}{longest:7.1f} s"


def _count(heard: list[Heard], status: int) -> int:
    return sum(one.status == status for one in heard)


def of_prices(prices: Prices) -> str:
    """Return how often the menu was read, how often from the cache, and how old the oldest old price was."""
    written = sum(len(one) for one in prices.answered.values())
    oldest = max((one.seconds for one in prices.old), default=0.0)
    return (
        f"{written:,} prices written, the menu read {prices.reads:,} times, {prices.hits:,} of them from the cache; "
        f"{len(prices.old)} old prices read, the oldest {oldest:.1f} s after a newer one"
    )


def of_memory(memory: Memory) -> str:
    """Return what workers had in memory in both halves, and what the eldest had at first and at last."""
    first, second = memory.halves()
    seconds, began, ended = memory.eldest()
    return (
        f"a worker's memory: {first / 1024:.1f} MB in the first half, {second / 1024:.1f} MB in the second; "
        f"the eldest {began / 1024:.1f} MB and {seconds:.0f} s later {ended / 1024:.1f} MB"
    )
