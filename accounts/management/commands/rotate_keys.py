"""Make a new key and encrypt everything anew with it; see what older keys still protect; take them out."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import audit
from privacy import keys, rotation


class Command(BaseCommand):
    help = (
        "Make a new current key (and the file of keys, where there is none), then encrypt every field and file anew with it. May be "
        "stopped at any time: the next call goes on where it was. Older keys stay in the file until --finish."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        one = parser.add_mutually_exclusive_group()
        one.add_argument(
            "--prepare", action="store_true", help="make the next key without using it, to copy the file to every machine first"
        )
        one.add_argument("--status", action="store_true", help="say what each key protects, and change nothing")
        one.add_argument("--finish", action="store_true", help="take older keys out of the file, if nothing uses them any more")
        one.add_argument("--new-key", action="store_true", help="make a new key although something is still under an older one")
        parser.add_argument("--leave-unreadable", action="store_true", help="with --finish: give up what does not open even with its key")
        parser.add_argument("--batch", type=int, default=200, help="rows read at a time")

    def handle(self, *args: object, **options: Any) -> None:
        first = not Path(settings.FIELD_KEYS_FILE).exists()
        try:
            if first and not (options["prepare"] or options["status"] or options["finish"]):
                self._say_new(keys.add())  # before there is a database, perhaps
                return
            if options["status"]:
                self._say_status()
                return
            with rotation.alone():
                if options["prepare"]:
                    self._prepare()
                elif options["finish"]:
                    self._finish(options["batch"], leave=options["leave_unreadable"])
                else:
                    self._rotate(options["batch"], even_so=options["new_key"])
        except (keys.KeysUnusable, rotation.RotationRefused) as refused:
            raise CommandError(str(refused)) from refused

    def _rotate(self, batch: int, *, even_so: bool) -> None:
        left = sum(use.under(keys.older()) for use in rotation.usage())
        if left and not even_so:
            self.stdout.write(
                f"{left} values and files are still under an older key: going on with {keys.current().id}, no new key is made."
            )
        else:
            self._say_new(keys.add())
        done = rotation.Done()
        try:
            done = rotation.rotate(told=self._say_progress, batch=batch)
        finally:
            still = sum(use.under(keys.older()) for use in rotation.usage())
            key = keys.current().id
            audit.record(
                "keys.rotated", [("keys", key)], by=None, via="command", new=even_so or not left, values=done.values, files=done.files,
                left=still, unreadable=len(done.unreadable),
            )  # fmt: skip
        self.stdout.write(f"Encrypted anew: {done.values} values, {done.files} files. Still under an older key: {still}.")
        if done.busy:
            self.stdout.write(f"{done.busy} rows were being changed: run this again.")
        if done.unreadable:
            tables = Counter(name for name, _row in done.unreadable)
            named = "; ".join(f"{name} {count} ({_some(done, name)})" for name, count in sorted(tables.items()))
            raise CommandError(f"Some do not open, because they were changed or their key is not in the file: {named}.")
        if still == 0 and keys.older():
            self.stdout.write("Take the older keys out with “manage.py rotate_keys --finish”.")

    def _prepare(self) -> None:
        key = keys.prepare()
        audit.record("keys.prepared", [("keys", key.id)], by=None, via="command")
        self.stdout.write(f"{key.id} stands in {settings.FIELD_KEYS_FILE} and is not used yet.")
        self.stdout.write("Copy the file to every machine and to its safe place, then run “manage.py rotate_keys”.")

    def _finish(self, batch: int, *, leave: bool) -> None:
        finished = rotation.finish(leave_unreadable=leave, batch=batch)
        if finished is None:
            self.stdout.write(f"There is no older key: everything is under {keys.current().id}.")
            return
        retired, copy = finished
        given_up = sum(use.under(retired) for use in rotation.usage())
        audit.record(
            "keys.retired", [("keys", key_id) for key_id in retired], by=None, via="command", current=keys.current().id, given_up=given_up
        )  # fmt: skip
        self.stdout.write(f"Taken out: {', '.join(retired)}.")
        self.stdout.write(f"Given up: {given_up} that did not open." if given_up else "Nothing in the database or the files uses them.")
        self.stdout.write(
            f"Backups made before {timezone.localtime():%Y-%m-%d %H:%M} still need them. {copy} holds them: move it to the safe place of "
            "the keys, and destroy it there once the last such backup is destroyed. Copy the file of keys to the other machines."
        )

    def _say_status(self) -> None:
        used, shown = rotation.usage(), list(keys.held())
        older = set(keys.older())
        shown += sorted({key_id for use in used for key_id in use.keys} - set(shown))
        for key_id in shown:
            values = sum(use.keys[key_id] for use in used if not use.of_files)
            stored = sum(use.keys[key_id] for use in used if use.of_files)
            state = (
                f"current since {timezone.localtime(keys.current_since()):%Y-%m-%d %H:%M}" if key_id == keys.current().id
                else "older" if key_id in older
                else "prepared, not used yet" if key_id in keys.held()
                else "not in the file of keys: what it protects cannot be opened"
            )  # fmt: skip
            name = key_id if key_id != rotation.DAMAGED else "no key"
            self.stdout.write(f"{name} ({state}): {values} values, {stored} files")
            for use in used:
                if use.keys[key_id]:
                    self.stdout.write(f"  {use.name} {use.keys[key_id]}")

    def _say_new(self, key: keys.Key) -> None:
        self.stdout.write(f"What is written from now on is encrypted with {key.id}.")
        self.stdout.write(f"Keep a safe copy of {settings.FIELD_KEYS_FILE} apart from the backups: they do not hold it.")

    def _say_progress(self, name: str, done: int, of: int) -> None:
        self.stdout.write(f"{name}: {done} of {of}")


def _some(done: rotation.Done, name: str) -> str:
    rows = sorted(row for table, row in done.unreadable if table == name)
    return ", ".join(rows[:5]) + (", …" if len(rows) > 5 else "")
