"""Wiring: settings, addresses, the beat table, health. No rule of the field lives here."""

from peacebuild.celery import app as celery_app

__all__ = ["celery_app"]
