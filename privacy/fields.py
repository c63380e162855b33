"""Fields whose content is encrypted before it reaches the database: text and JSON.

Form of a stored value: one byte of version, one byte of length and the key's identifier, 12 bytes of nonce, then AES-256-GCM under a
key derived (HKDF-SHA-256) from the key on file. The table, the column and the row's UUID are bound in: ciphertext that is moved to
another row, column or table does not open. That is why a model with such fields has a UUID key, known before the row is written.

A value is opened when it is read from its instance, not when the row is fetched: ``.values()`` gives sealed values, and
``update()`` and ``bulk_update()`` take nothing else (they know no row to bind to). NULL stays NULL; "", 0 and {} are encrypted.
Lookups, forms and serialization leave these fields out: nothing is ever searched by what is encrypted.
"""

from __future__ import annotations

import json
import secrets
import uuid
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.core import checks
from django.core.exceptions import FieldError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.query_utils import DeferredAttribute

from privacy import keys

VERSION = 1
NONCE = 12


class FieldUnreadable(Exception):
    """The stored value was changed, moved here from another row, column or table, or is under another key. Nothing is given out."""


class Sealed:
    """A value as stored: ``key_id`` says which key opens it. Prints nothing of itself."""

    __slots__ = ("stored",)

    def __init__(self, stored: bytes) -> None:
        self.stored = stored

    @property
    def key_id(self) -> str:
        if len(self.stored) < 2 or self.stored[0] != VERSION or len(self.stored) < 2 + self.stored[1] + NONCE:
            raise FieldUnreadable("The stored value is not an encrypted value of this portal.")
        return self.stored[2 : 2 + self.stored[1]].decode("ascii", "replace")

    def __repr__(self) -> str:
        return "<sealed>"


def seal(plain: bytes, *, table: str, column: str, row: uuid.UUID) -> Sealed:
    key = keys.current()
    nonce = secrets.token_bytes(NONCE)
    return Sealed(head(key.id) + nonce + _cipher(key.secret).encrypt(nonce, plain, _bound(table, column, row)))


def head(key_id: str) -> bytes:
    """How every value under this key begins."""
    name = key_id.encode("ascii")
    return bytes([VERSION, len(name)]) + name


def unseal(sealed: Sealed, *, table: str, column: str, row: uuid.UUID) -> bytes:
    """Raises ``FieldUnreadable``, or ``keys.KeyUnknown`` where the key is not on this machine."""
    name = sealed.key_id
    rest = sealed.stored[2 + sealed.stored[1] :]
    try:
        return _cipher(keys.by_id(name).secret).decrypt(rest[:NONCE], rest[NONCE:], _bound(table, column, row))
    except InvalidTag as problem:
        raise FieldUnreadable("The stored value does not open: it was changed, or belongs to another row, column or table.") from problem


class _Opened(DeferredAttribute):
    """Opens the value on first reading and keeps it on the instance."""

    field: Any

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is not None and isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = self.field.open(value, instance)
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        """Without it the instance's own value would hide this descriptor."""
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.Field):
    """What both kinds share; use ``EncryptedTextField`` or ``EncryptedJSONField``."""

    descriptor_class = _Opened

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["editable"] = kwargs["serialize"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        kwargs.pop("serialize", None)
        return name, path, args, kwargs

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = super().check(**kwargs)
        key: Any = self.model._meta.pk
        while getattr(key, "remote_field", None) is not None:
            key = key.target_field
        if not isinstance(key, models.UUIDField):
            found.append(checks.Error(f"{self} is encrypted and needs a model with a UUID key.", obj=self, id="privacy.E001"))
        if self.unique or getattr(self, "db_index", False):
            found.append(checks.Error(f"{self} is encrypted and cannot be indexed.", obj=self, id="privacy.E002"))
        return found

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return super().get_lookup(lookup_name)
        raise FieldError(f"{self} is encrypted: nothing is searched by it.")

    def get_transform(self, lookup_name: str) -> Any:
        raise FieldError(f"{self} is encrypted: nothing is searched by it.")

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(bytes(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        """What was not read since it was fetched goes back as it came; everything else is encrypted anew."""
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Sealed):
            return value
        return seal(self.to_bytes(value), **self._bound_to(model_instance))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise FieldError(f"{self} is encrypted with its row: set it on the instance and save that.")
        return connection.Database.Binary(value.stored)

    def value_to_string(self, obj: models.Model) -> str:
        raise FieldError(f"{self} is encrypted and is not serialized.")

    def open(self, sealed: Sealed, instance: models.Model) -> Any:
        return self.from_bytes(unseal(sealed, **self._bound_to(instance)))

    def resealed(self, sealed: Sealed, row: uuid.UUID) -> Sealed:
        """The same content under the current key."""
        bound: dict[str, Any] = {"table": self.model._meta.db_table, "column": self.column, "row": row}
        return seal(unseal(sealed, **bound), **bound)

    def to_bytes(self, value: Any) -> bytes:
        raise NotImplementedError

    def from_bytes(self, plain: bytes) -> Any:
        raise NotImplementedError

    def _bound_to(self, instance: models.Model) -> dict[str, Any]:
        return {"table": self.model._meta.db_table, "column": self.column, "row": instance.pk}


class EncryptedTextField(EncryptedField):
    description = "text, encrypted"

    def to_python(self, value: Any) -> Any:
        return value if value is None else str(value)

    def to_bytes(self, value: Any) -> bytes:
        return str(value).encode()

    def from_bytes(self, plain: bytes) -> str:
        return plain.decode()


class EncryptedJSONField(EncryptedField):
    """Change it by setting a new value: what is changed inside the old one is saved too, once the old one was read."""

    description = "JSON, encrypted"

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, cls=DjangoJSONEncoder, separators=(",", ":"), ensure_ascii=False).encode()

    def from_bytes(self, plain: bytes) -> Any:
        return json.loads(plain)


def _bound(table: str, column: str, row: uuid.UUID) -> bytes:
    return "\0".join(("field", table, column, uuid.UUID(str(row)).hex)).encode()


@lru_cache(maxsize=64)
def _cipher(secret: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"peacebuild field").derive(secret))
