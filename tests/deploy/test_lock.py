"""The pinned files and the reasons in pyproject.toml belong together."""

import re
import tomllib

from deploy import lock


def test_every_direct_dependency_has_a_reason_and_is_pinned_with_it():
    project = tomllib.loads((lock.ROOT / "pyproject.toml").read_text())
    direct = {
        lock.RUNTIME: project["project"]["dependencies"],
        lock.DEVELOPMENT: project["dependency-groups"]["dev"],
    }
    reasons = lock.declared()
    for path, requirements in direct.items():
        text = path.read_text()
        for requirement in requirements:
            name = lock.NAME.match(requirement).group()
            with_extras = re.match(r"[^\s<>=!~;]+", requirement).group()  # without them an older pip does not see the pin
            assert f"# {name}: {reasons[name]}\n{with_extras}==" in text


def test_every_pinned_version_has_a_hash_and_no_file_names_an_index():
    for path in (lock.RUNTIME, lock.DEVELOPMENT):
        text = path.read_text()
        blocks = [block for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE) if "==" in block.splitlines()[0]]
        assert blocks
        assert all("--hash=sha256:" in block for block in blocks)
        assert "://" not in text
        assert "index-url" not in text


def test_the_development_file_repeats_nothing_of_the_runtime_file():
    assert not set(lock.pinned(lock.RUNTIME.read_text())) & set(lock.pinned(lock.DEVELOPMENT.read_text()))
