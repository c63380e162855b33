"""Pin the dependencies of ``pyproject.toml`` with hashes in ``requirements.txt`` and ``requirements-dev.txt``.

Needs ``uv`` (``pip install uv``). Versions already pinned stay; ``--upgrade`` takes the newest ones and
``--upgrade-package NAME`` takes one. The files hold for Python 3.11, 3.12 and 3.13, and above each direct package stands
the comment it has in ``pyproject.toml``. ``requirements-dev.txt`` begins with ``requirements.txt`` and repeats nothing of it.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME, DEVELOPMENT = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
DECLARED = re.compile(r'^ {2}"([^"]+)", *# (.+)$', re.MULTILINE)
COMPILE = [
    "uv",
    "pip",
    "compile",
    "--quiet",
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-annotate",
    "--no-header",
    "--no-strip-extras",  # else a resolver takes the newest release for `name[extra]` and misses its pin
]


def declared() -> dict[str, str]:
    """Package name -> why it is here, for every direct dependency in ``pyproject.toml``."""
    found = DECLARED.findall((ROOT / "pyproject.toml").read_text())
    return {name.group().lower(): why for requirement, why in found if (name := NAME.match(requirement))}


def pinned(text: str) -> dict[str, str]:
    """Package name -> its lines (version, marker, hashes) in a compiled file; twice where Python 3.11 needs an older version."""
    found: dict[str, str] = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        if name := NAME.match(block):
            key = name.group().lower()
            found[key] = found.get(key, "") + block
    return found


def main(arguments: list[str]) -> None:
    reasons = declared()
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder) / "compiled.txt"
        compiled.write_text(
            "".join(path.read_text().replace("-r requirements.txt\n", "") for path in (RUNTIME, DEVELOPMENT) if path.exists())
        )
        versions = {}
        for path, groups in ((RUNTIME, []), (DEVELOPMENT, ["--group", "dev"])):
            subprocess.run([*COMPILE, "pyproject.toml", *groups, *arguments, "--output-file", str(compiled)], cwd=ROOT, check=True)
            versions[path] = pinned(compiled.read_text())
            arguments = []
    lines = {path: _with_reasons(blocks, reasons) for path, blocks in versions.items()}
    RUNTIME.write_text("# Written by deploy/lock.py from pyproject.toml.\n" + "".join(lines[RUNTIME].values()))
    rest = [text for name, text in lines[DEVELOPMENT].items() if name not in versions[RUNTIME]]
    DEVELOPMENT.write_text("# Written by deploy/lock.py from pyproject.toml.\n-r requirements.txt\n" + "".join(rest))


def _with_reasons(blocks: dict[str, str], reasons: dict[str, str]) -> dict[str, str]:
    return {name: (f"# {name}: {reasons[name]}\n" if name in reasons else "") + block for name, block in blocks.items()}


if __name__ == "__main__":
    main(sys.argv[1:])
