"""What every list about cases and children shares: only a key that was made for cases reads or writes it here.

People work on the pages, where each reading states its purpose and small numbers are hidden. Nothing of it is kept by a cache, and
a stored answer of a repeated request holds status and id only.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from rest_framework.response import Response

from accounts.api.lists import Listed
from accounts.models import User

UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class Guarded(Listed):
    """``mine()`` gives the rows of a key that was made for cases; anybody else finds none."""

    def mine(self, user: User) -> Any:
        raise NotImplementedError

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        rows = self.mine(self.request.user)
        return rows if _works_cases(self.request.user) else rows.none()

    def writing(self) -> User:
        """Only a key that was made for cases and may write."""
        user: User = self.request.user
        if not _works_cases(user) or not user.api_key.may_write:
            raise PermissionDenied(_("Cases are written here by a key that may write and was made for cases; people use the pages."))
        return user

    def answer_again(self, kept: Any) -> Response:
        """What a repeated request gets: only status and id were stored, the row is shown as it is now, if it still may be."""
        return Response(self.one(**json.loads(kept.body)), status=kept.status, headers={"Idempotency-Replayed": "true"})

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer["Cache-Control"] = "no-store"
        return answer


def _works_cases(user: Any) -> bool:
    return bool(getattr(user, "is_service", False) and user.api_key.may_work_cases)
