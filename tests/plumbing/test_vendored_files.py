import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
vendor = runpy.run_path(str(ROOT / "deploy" / "frontend" / "vendor.py"))


def test_every_vendored_file_is_the_one_that_was_fetched_and_no_other_lies_beside_it():
    assert vendor["changed"]() == []


def test_the_lock_file_names_no_registry_and_every_package_has_a_hash():
    lock = (ROOT / "deploy" / "frontend" / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert lock.count('"integrity"') == lock.count('"node_modules/')


def test_no_vendored_file_points_to_a_source_map_that_is_not_there():
    for path in (ROOT / "static" / "vendor").glob("*.*"):
        assert "sourceMappingURL=" not in path.read_text(encoding="utf-8"), path.name
