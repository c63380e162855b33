"""How addresses are completed: pages get their last slash, the API does not."""

from __future__ import annotations

from django.http import HttpRequest
from django.middleware import common

from plumbing.problems import is_for_programs


class CommonMiddleware(common.CommonMiddleware):
    """Django's own, without the redirect to the last slash under /api/: a redirected POST would lose its body."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return not is_for_programs(request) and super().should_redirect_with_slash(request)
