"""Reading a request's JSON so that no body, however odd, is a server error."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from plumbing.problems import TooLarge


class JSONBody(BaseParser):
    """UTF-8 JSON up to ``DATA_UPLOAD_MAX_MEMORY_SIZE``. Fractions stay exact; NaN, doubled keys and endless nesting are refused."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        request = parser_context["request"]._request
        try:
            body = request.body
        except RequestDataTooBig as wrong:
            raise TooLarge(
                _("The body is larger than %(limit)s bytes: send it in parts.") % {"limit": settings.DATA_UPLOAD_MAX_MEMORY_SIZE}
            ) from wrong
        try:
            return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
        except RecursionError as wrong:
            raise ParseError(_("The JSON is nested too deeply.")) from wrong
        except ValueError as wrong:
            raise ParseError(_("The body is not JSON: %(why)s") % {"why": wrong}) from wrong


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not a JSON number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names the same key twice")
    return found
