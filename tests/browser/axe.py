"""What axe-core finds wrong with a page for people who see, hear or move differently."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

from playwright.sync_api import Page

_RUN = """async (impacts) => {
    // A colour on its way to another is nobody's.
    const short = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < 5000);
    await Promise.all(short.map((one) => one.finished.catch(() => null)));
    const found = await axe.run(document, { resultTypes: ["violations"], preload: false });
    return found.violations
        .filter((rule) => impacts.includes(rule.impact))
        .map((rule) => `${rule.id}: ${rule.help} (${rule.nodes.map((node) => node.target.join(" ")).join(", ")})`);
}"""

_SERIOUS = ("serious", "critical")


@lru_cache(maxsize=1)
def _source() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def serious(page: Page) -> list[str]:
    """Return what axe calls serious or critical on a page as it stands: the rule, and where it is broken.

    The script comes in past the page's content security policy, which it leaves as it is.
    """
    return _found(page, _SERIOUS)


def any_violation(page: Page) -> list[str]:
    """Return whatever axe finds wrong with a page as it stands, minor things too."""
    return _found(page, (*_SERIOUS, "moderate", "minor"))


def _found(page: Page, impacts: tuple[str, ...]) -> list[str]:
    page.evaluate(_source())
    found: list[str] = page.evaluate(_RUN, list(impacts))
    return found
