#!/usr/bin/env python3
"""Fetch the front-end files the portal serves itself, so that no page asks another host and no installation needs Node.

    python deploy/frontend/vendor.py            copy from the packages in package-lock.json and write hashes.json
    python deploy/frontend/vendor.py --check    only compare the committed files with hashes.json

Needs npm for the first form; the results are committed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VENDOR = ROOT / "static" / "vendor"
ICONS = ROOT / "plumbing" / "icons.json"
ICON_NAMES = HERE / "icons.txt"  # only what a page shows
HASHES = HERE / "hashes.json"

FILES = {
    "bootstrap/dist/css/bootstrap.min.css": "bootstrap.min.css",
    "bootstrap/dist/css/bootstrap.rtl.min.css": "bootstrap.rtl.min.css",
    "bootstrap/LICENSE": "licences/bootstrap.txt",
    "bootstrap-icons/LICENSE": "licences/bootstrap-icons.txt",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/LICENSE": "licences/htmx.txt",
    "chart.js/dist/chart.umd.min.js": "chart.umd.min.js",
    "chart.js/LICENSE.md": "licences/chart.js.txt",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "swagger-ui-dist/LICENSE": "licences/swagger-ui.txt",
    "swagger-ui-dist/NOTICE": "licences/swagger-ui-notice.txt",
}


def main() -> int:
    if "--check" in sys.argv:
        wrong = changed()
        for name in wrong:
            print(f"{name} is not the file that was vendored", file=sys.stderr)
        return 1 if wrong else 0
    with tempfile.TemporaryDirectory() as folder:
        fetch(Path(folder))
        copy(Path(folder) / "node_modules")
    names = [*(f"static/vendor/{name}" for name in FILES.values()), "plumbing/icons.json"]
    HASHES.write_text(json.dumps({name: digest(ROOT / name) for name in sorted(names)}, indent=2) + "\n")
    return 0


def changed() -> list[str]:
    """Vendored files that are missing, changed, or not on the list."""
    expected = json.loads(HASHES.read_text())
    wrong = [name for name, sha in expected.items() if not (ROOT / name).exists() or digest(ROOT / name) != sha]
    extra = [str(path.relative_to(ROOT)) for path in VENDOR.rglob("*") if path.is_file()]
    return wrong + [name for name in extra if name not in expected]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    npm = shutil.which("npm") or sys.exit("npm is not installed; it is needed only to fetch new versions.")
    subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)


def copy(modules: Path) -> None:
    """Copy the named files; without source map comments, which the manifest storage would follow to absent files."""
    for source, name in FILES.items():
        target = VENDOR / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (modules / source).read_text(encoding="utf-8")
        target.write_text(
            re.sub(r"(?m)^\s*(//[#@] sourceMappingURL=.*|/\*[#@] sourceMappingURL=.*\*/)\s*$", "", text).rstrip() + "\n", encoding="utf-8"
        )
    shapes = {name: shape((modules / "bootstrap-icons" / "icons" / f"{name}.svg").read_text()) for name in ICON_NAMES.read_text().split()}
    ICONS.write_text(json.dumps(shapes, indent=0) + "\n")


def shape(svg: str) -> str:
    """What stands between the svg tags, on one line."""
    inner = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.S)
    if inner is None:
        raise ValueError("not an SVG file")
    return re.sub(r">\s+<", "><", " ".join(inner.group(1).split()))


if __name__ == "__main__":
    sys.exit(main())
