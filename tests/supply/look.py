"""Look at what production installs: known weaknesses, licences, and the bill of materials; `make supply` runs this.

pip-audit asks PyPI, then OSV. Where neither knows the packages, as behind a
mirror, that is said in one line and no failure. A weakness that is found is one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "var" / "supply" / "bin"
LOCKED = ROOT / "requirements.txt"
BILL = ROOT / "var" / "sbom.json"
# Seconds. An advisory source that hangs must not hang whoever asks.
_ANSWER, _WHOLE = 5, 120
_LONGEST = 60


def weaknesses(source: str) -> tuple[int, list[str]] | None:
    """Return how many packages a source knows and what is wrong with them, or None where it can't be asked."""
    command = [str(TOOLS / "pip-audit"), "--require-hashes", "--disable-pip", "--progress-spinner", "off"]
    command += ["--vulnerability-service", source, "--timeout", str(_ANSWER), "--format", "json"]
    try:
        asked = subprocess.run(
            [*command, "--requirement", str(LOCKED)], capture_output=True, text=True, timeout=_WHOLE, check=False
        )
        packages = json.loads(asked.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    known = [package for package in packages if "skip_reason" not in package]
    return len(known), [
        f"{package['name']} {package['version']}: {found['id']}, put right in {', '.join(found['fix_versions']) or '–'}"
        for package in known
        for found in package.get("vulns", [])
    ]


def licence(package: str) -> str:
    """Return the licence of an installed package as its metadata tell it, or "" where they don't."""
    try:
        told = metadata.metadata(package)
    except metadata.PackageNotFoundError:
        return ""
    classified = [line.rpartition("::")[2].strip() for line in told.get_all("Classifier") or [] if "License ::" in line]
    expression, named = ((told.get_all(name) or [""])[0] for name in ("License-Expression", "License"))
    text = expression or ", ".join(classified) or named
    return text if len(text) <= _LONGEST and "\n" not in text else ""


def write_bill() -> list[tuple[str, str, str]]:
    """Write the CycloneDX bill of materials, with licences, and return name, version and licence of each component."""
    BILL.parent.mkdir(exist_ok=True)
    command = [str(TOOLS / "cyclonedx-py"), "requirements", str(LOCKED), "--output-reproducible", "-o", str(BILL)]
    subprocess.run(command, check=True, capture_output=True, timeout=_WHOLE)
    bill: dict[str, Any] = json.loads(BILL.read_text(encoding="utf-8"))
    rows = []
    for component in bill["components"]:
        found = licence(component["name"])
        if found:
            component["licenses"] = [{"license": {"name": found}}]
        rows.append((component["name"], component["version"], found))
    BILL.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    return sorted(rows)


def main() -> int:
    """Look, print, and return the exit code."""
    rows = write_bill()
    for name, version, found in rows:
        print(f"{name} {version}: {found or 'licence not told here'}")  # noqa: T201
    print(f"{len(rows)} packages: {BILL.relative_to(ROOT)}")  # noqa: T201
    for source in ("pypi", "osv"):
        asked = weaknesses(source)
        if asked and asked[0]:
            count, found_ones = asked
            print(f"{count} of {len(rows)} packages known to {source}, {len(found_ones)} weaknesses.")  # noqa: T201
            for line in found_ones:
                print(line, file=sys.stderr)  # noqa: T201
            return 1 if found_ones else 0
    print("No source of advisories was reached: known weaknesses were not looked for.")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
