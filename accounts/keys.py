"""API keys: made and revoked by an organization's own manager, shown once, stored hashed, acting through a service user.

``programs/partner_keys.py`` makes a key together with the membership that says what it may reach.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import ApiKey, Organization, User

LONGEST = timedelta(days=366)
_FORM = re.compile(r"pb_([a-z0-9]{8})_[A-Za-z0-9_-]{43}")
_PREFIX_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class KeyRefused(Exception):
    """The key cannot be made as asked."""


@dataclass(frozen=True)
class Issued:
    """The only moment at which the secret exists in clear."""

    key: ApiKey
    secret: str


def authenticate(secret: str) -> ApiKey | None:
    """The live key behind a bearer secret, with its service user and organization; None for anything else.

    The service user carries the key (``user.api_key``), which narrows what its membership gives. One query; a second one, once a
    day, notes that the key is in use.
    """
    form = _FORM.fullmatch(secret)
    if form is None:
        return None
    key = ApiKey.objects.select_related("service_user", "organization").filter(prefix=form[1]).first()
    if key is None or not hmac.compare_digest(key.secret_hash, _hashed(secret)):
        return None
    if not key.is_live or not key.service_user.is_active or not key.organization.is_active:
        return None
    today = timezone.localdate()
    if key.last_used_on != today:
        ApiKey.objects.filter(pk=key.pk).update(last_used_on=today)
    return key


def create(
    *,
    organization: Organization,
    name: str,
    expires_at: datetime,
    by: User,
    may_write: bool = False,
    may_submit: bool = False,
    may_work_cases: bool = False,
) -> Issued:
    """Make a key and its service user. Gives no role: that is ``programs/partner_keys.py:issue``.

    Raises KeyRefused for an end in the past or more than a year away, and for a service user as issuer.
    """
    now = timezone.now()
    if by.is_service:
        raise KeyRefused(_("A key cannot make another key."))
    if not now < expires_at <= now + LONGEST:
        raise KeyRefused(_("A key ends on a date within the next 12 months."))
    prefix = "".join(secrets.choice(_PREFIX_LETTERS) for _letter in range(8))
    secret = f"pb_{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        service_user = User.objects.create_user(
            f"key-{prefix}@service.invalid", name=name[:120], organization=organization, is_service=True, language=organization.language
        )
        key = ApiKey(
            organization=organization, name=name, service_user=service_user, prefix=prefix, secret_hash=_hashed(secret),
            may_write=may_write, may_submit=may_submit, may_work_cases=may_work_cases, expires_at=expires_at, created_by=by,
        )  # fmt: skip
        key.full_clean()
        key.save()
        audit.record(
            "key.created",
            [key, organization],
            by=by,
            prefix=prefix,
            write=may_write,
            submit=may_submit,
            cases=may_work_cases,
            until=expires_at.date().isoformat(),
        )
    return Issued(key, secret)


def revoke(key: ApiKey, *, by: User) -> None:
    """End a key at once; revoking it again changes nothing."""
    with transaction.atomic():
        locked = ApiKey.objects.select_for_update().get(pk=key.pk)
        if locked.revoked_at is None:
            locked.revoked_at, locked.revoked_by = timezone.now(), by
            locked.save(update_fields=["revoked_at", "revoked_by"])
            User.objects.filter(pk=locked.service_user_id).update(is_active=False)
            audit.record("key.revoked", [locked, ("organization", str(locked.organization_id))], by=by, prefix=locked.prefix)
    key.refresh_from_db()


def _hashed(secret: str) -> str:
    """A plain hash is enough: the secret has 256 bits, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
