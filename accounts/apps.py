from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts import sign_in  # noqa: F401 - its receivers write the audit log

        post_migrate.connect(_seed, sender=self)


def _seed(**kwargs: Any) -> None:
    """A release may ship new practice values: after its migrations each has its row, and changed ones stay."""
    from accounts import practice

    practice.seed()
