"""Read pytest's JUnit files: refuse a test that was skipped on the leg that should have run it, and sum up the legs.

skips.py LEG FILE       exit 1 when a test was skipped for a reason that LEG does not allow, or when nothing ran
skips.py --sum FILE...  pytest's closing line over all legs
"""

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

# leg -> beginnings of reasons that are right there: another leg runs those tests, or a large program is needed that nothing else asks for.
ALLOWED = {
    "installation": (),
    "sqlite": ("needs PostgreSQL", "needs RabbitMQ or Redis", "needs LibreOffice"),
    "postgresql": ("PostgreSQL refuses", "a planner with statistics", "needs LibreOffice"),
    "browser": (),
    "api": (),
    "redis": (),
}


def cases(file):
    return ElementTree.parse(file).getroot().iter("testcase")  # noqa: S314 - our own file


def check(leg, file):
    if not Path(file).exists():
        print(f"ci: {leg} wrote no results")
        return 1
    ran = wrong = 0
    for case in cases(file):
        skipped = case.find("skipped")
        if skipped is None:
            ran += 1
        elif skipped.get("type") != "pytest.xfail" and not skipped.get("message", "").startswith(ALLOWED[leg]):
            wrong += 1
            print(f"ci: skipped on {leg}: {case.get('classname')}::{case.get('name')}: {skipped.get('message')}")
    if not ran:
        print(f"ci: no test ran on {leg}")
    return 1 if wrong or not ran else 0


def total(files):
    found = Counter()
    seconds = 0.0
    for file in files:
        for case in cases(file):
            seconds += float(case.get("time", 0))
            kinds = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
            found[kinds[0] if kinds else "passed"] += 1
    words = [("failure", "failed"), ("passed", "passed"), ("skipped", "skipped"), ("error", "errors")]
    print("=== " + ", ".join(f"{found[kind]} {word}" for kind, word in words if found[kind]) + f" in {seconds:.2f}s ===")


if __name__ == "__main__":
    if sys.argv[1] == "--sum":
        total(sys.argv[2:])
    else:
        sys.exit(check(sys.argv[1], sys.argv[2]))
