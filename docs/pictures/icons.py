"""Draw what stands on home screens and goes with shared links, from icon.svg; `make pictures` runs this."""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from restaurant_site.found import picture  # noqa: E402
from tests.browser.install import chromium  # noqa: E402

FOLDER = ROOT / "static" / "img"
_COLOURS = 64
# Pixels by file. A maskable icon may be cut to a circle of four fifths: it has its colour to the edges.
ICONS = {"icon-180.png": 180, "icon-192.png": 192, "icon-512.png": 512, "icon-maskable.png": 512}
_EDGE_TO_EDGE = ("icon-180.png", "icon-maskable.png")
_GROUND, _SHARE = "#1f5a48", 0.8
NAME = "Tafel"


def drawn(browser: Browser, svg: str, size: int, *, to_the_edge: bool) -> bytes:
    """Return the icon as PNG, size pixels wide and high."""
    page = browser.new_page(viewport={"width": size, "height": size})
    inner = round(size * _SHARE) if to_the_edge else size
    ground = _GROUND if to_the_edge else "transparent"
    page.set_content(
        f"<style>body{{margin:0;height:100vh;display:grid;place-items:center;background:{ground}}}"
        f"svg{{width:{inner}px;height:{inner}px}}</style>{svg}"
    )
    taken = page.screenshot(omit_background=True)
    page.close()
    file = io.BytesIO()
    Image.open(io.BytesIO(taken)).quantize(_COLOURS).save(file, "PNG", optimize=True)
    return file.getvalue()


def main() -> None:
    """Write every file anew."""
    svg = (FOLDER / "icon.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for name, size in ICONS.items():
            (FOLDER / name).write_bytes(drawn(browser, svg, size, to_the_edge=name in _EDGE_TO_EDGE))
        browser.close()
    (FOLDER / "card.png").write_bytes(picture.draw(NAME, _GROUND, NAME, ""))


if __name__ == "__main__":
    main()
