"""How often one caller may ask: reading and writing are counted apart, each in windows of a minute.

Counted in the cache ``limits``: Redis where the portal has one, else the memory of each web process, so that a limit never
costs a database write.
"""

from __future__ import annotations

import math
import time
from typing import Any

from django.conf import settings
from django.core.cache import caches
from rest_framework.throttling import BaseThrottle

WINDOW = 60  # seconds


class PerCaller(BaseThrottle):
    """``API_READS_A_MINUTE`` and ``API_WRITES_A_MINUTE`` for each key or person; 0 switches a limit off."""

    def allow_request(self, request: Any, view: Any) -> bool:
        reads = request.method in ("GET", "HEAD", "OPTIONS")
        limit = settings.API_READS_A_MINUTE if reads else settings.API_WRITES_A_MINUTE
        if not limit:
            return True
        caller = getattr(request.user, "pk", None) or self.get_ident(request)
        window = int(time.time()) // WINDOW
        name = f"api-{'r' if reads else 'w'}-{caller}-{window}"
        cache = caches["limits"]
        cache.add(name, 0, WINDOW * 2)
        try:
            return bool(cache.incr(name) <= limit)
        except ValueError:  # it ended between the two calls
            return True

    def wait(self) -> int:
        """Seconds until the next window."""
        return math.ceil(WINDOW - time.time() % WINDOW)
