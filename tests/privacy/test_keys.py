from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command

from privacy import keys


def test_the_embedded_default_makes_its_keys_on_first_use_readable_by_the_owner_only(vault, settings):
    key = keys.current()

    assert keys.by_id(key.id).secret == key.secret
    assert len(key.secret) == 32
    assert stat.S_IMODE(settings.FIELD_KEYS_FILE.stat().st_mode) == 0o600


def test_production_makes_no_keys_by_itself_and_says_what_to_do(vault, settings):
    settings.PRODUCTION = True

    with pytest.raises(keys.KeysUnusable, match="rotate_keys"):
        keys.current()
    assert not settings.FIELD_KEYS_FILE.exists()


@pytest.mark.django_db
def test_rotation_gives_new_content_a_new_key_and_keeps_the_older_one(vault):
    old = keys.current()
    call_command("rotate_keys")

    assert keys.current().id != old.id
    assert keys.by_id(old.id).secret == old.secret


def test_the_command_makes_the_file_where_production_has_none_and_needs_no_database_for_it(vault, settings, capsys):
    settings.PRODUCTION = True
    call_command("rotate_keys")

    assert keys.current().id in capsys.readouterr().out


def test_an_unknown_key_names_itself_and_the_file(vault, settings):
    keys.current()

    with pytest.raises(keys.KeyUnknown) as refusal:
        keys.by_id("2020-01-01-dead")
    assert "2020-01-01-dead" in str(refusal.value)
    assert str(settings.FIELD_KEYS_FILE) in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"current": "a", "keys": {}}',
        '{"current": "a", "keys": {"a": "!!"}}',
        '{"current": "a", "keys": {"a": "c2hvcnQ="}}',
        '{"current": "a", "keys": {"a": 5}}',
    ],
)
def test_a_damaged_file_of_keys_is_refused_and_never_written_over(vault, settings, text):
    settings.FIELD_KEYS_FILE.parent.mkdir(parents=True)
    settings.FIELD_KEYS_FILE.write_text(text)

    with pytest.raises(keys.KeysUnusable):
        keys.current()
    assert settings.FIELD_KEYS_FILE.read_text() == text


def test_processes_that_start_at_once_agree_on_one_key(vault, settings):
    with ThreadPoolExecutor(8) as pool:
        found = {key.id for key in pool.map(lambda _: keys.current(), range(8))}

    assert len(found) == 1
    assert list(json.loads(settings.FIELD_KEYS_FILE.read_text())["keys"]) == list(found)
    assert [path.name for path in settings.FIELD_KEYS_FILE.parent.iterdir()] == ["field-keys.json"]


def test_a_key_does_not_show_its_secret_in_words(vault):
    key = keys.current()

    assert repr(key.secret) not in repr(key)
