from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def vault(settings, tmp_path: Path) -> Path:
    """A folder of its own for stored files and keys."""
    settings.MEDIA_ROOT = tmp_path / "files"
    settings.FIELD_KEYS_FILE = tmp_path / "keys" / "field-keys.json"
    settings.PRODUCTION = False
    return tmp_path
