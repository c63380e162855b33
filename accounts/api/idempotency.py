"""A write sent twice with the same Idempotency-Key is done once and answered twice.

The claim, the act and its stored answer are one transaction: a second request with the same key waits at the unique
constraint until the first is done and then reads its answer; a first one that fails or dies leaves nothing, and the retry
starts afresh. Only what was done is stored: an error changed nothing and is worked out anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from accounts.models import StoredResponse
from plumbing.refusals import Invalid, Problem

HEADER = "Idempotency-Key"
LONGEST = 100
KEPT_HEADERS = ("Location", "ETag")

Handler = Callable[..., Response]


def once(handler: Handler) -> Callable[..., Response | HttpResponse]:
    """Decorate a writing method of a view: with the header, it happens at most once per caller and key."""

    @wraps(handler)
    def answer(view: Any, request: Any, *args: Any, **kwargs: Any) -> Response | HttpResponse:
        key = request.headers.get(HEADER)
        if key is None:
            return handler(view, request, *args, **kwargs)
        _check(key)
        fingerprint = fingerprint_of(request)
        with transaction.atomic():
            kept, is_first = StoredResponse.objects.get_or_create(caller=request.user, key=key, defaults={"request_hash": fingerprint})
            if kept.request_hash != fingerprint:
                raise Invalid([Problem(HEADER, _("This key was used for another request: take a new one."), "key_reused")])
            if not is_first:
                return view.answer_again(kept) if hasattr(view, "answer_again") else _again(kept)
            response = handler(view, request, *args, **kwargs)
            kept.status = response.status_code
            if hasattr(view, "answer_again"):
                # About a person: status and id are stored, nothing else; the view shows the row as it is now.
                kept.body, kept.headers = json.dumps({"id": str(response.data["id"])}), ""
                kept.save(update_fields=["status", "body", "headers"])
                return response
            kept.body = JSONRenderer().render(response.data).decode() if response.data is not None else ""
            kept.headers = json.dumps({name: response.headers[name] for name in KEPT_HEADERS if name in response.headers})
            kept.save(update_fields=["status", "body", "headers"])
        return response

    answer.is_once = True  # type: ignore[attr-defined]
    return answer


def fingerprint_of(request: Any) -> str:
    """Method, path, precondition and content of a request. A form with files is taken apart: its boundary differs each time."""
    content = hashlib.sha256(f"{request.method} {request.get_full_path()} {request.headers.get('If-Match', '')}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        for name in sorted(request.data):
            part = request.data[name]
            content.update(f"\n{name}=".encode())
            if hasattr(part, "chunks"):
                for chunk in part.chunks():
                    content.update(chunk)
                part.seek(0)
            else:
                content.update(str(part).encode())
    else:
        is_read = request.data is not None  # the parser's own errors come first: 413, 415 and broken JSON
        content.update(request._request.body if is_read else b"null")
    return content.hexdigest()


def _check(key: str) -> None:
    if not 1 <= len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise Invalid([Problem(HEADER, _("An Idempotency-Key has 1 to 100 plain characters, such as a UUID."), "invalid")])


def _again(kept: StoredResponse) -> HttpResponse:
    response = HttpResponse(kept.body, status=kept.status, content_type="application/json")
    for name, value in json.loads(kept.headers or "{}").items():
        response.headers[name] = value
    response.headers["Idempotency-Replayed"] = "true"
    return response
