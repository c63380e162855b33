"""The two addresses that machines ask."""

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


def test_healthz_answers_any_host_and_asks_no_database():
    response = Client(SERVER_NAME="10.0.0.7").get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_health_is_not_redirected_to_https(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz").status_code == 200


@pytest.mark.django_db
def test_readyz_names_what_it_looked_at(client):
    response = client.get("/readyz")
    assert response.json() == {"database": "ok", "migrations": "ok", "cache": "ok", "broker": "ok"}
    assert response.status_code == 200


@pytest.mark.django_db
def test_readyz_is_503_when_a_migration_waits(client, settings, monkeypatch):
    settings.MIGRATION_MODULES = {}  # as installed, also where the tests made their tables without migrations
    applied = {key: one for key, one in MigrationLoader(None).disk_migrations.items() if key[0] != "sessions"}
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda recorder: applied)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["migrations"] == "1 not applied: run ./portal upgrade"


def test_readyz_is_503_when_the_database_is_away(client, monkeypatch):
    def refuse():
        raise DatabaseError("no route")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "does not answer"
    assert response.json()["migrations"] == "not checked"


@pytest.mark.django_db
def test_readyz_is_503_when_the_broker_is_away(client, settings, monkeypatch):
    from kombu import Connection

    from peacebuild.celery import app

    settings.CELERY_BROKER_URL = "amqp://guest:guest@127.0.0.1:9//"
    monkeypatch.setattr(app, "connection_for_read", lambda **options: Connection(settings.CELERY_BROKER_URL, **options))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["broker"] == "does not answer"


@pytest.mark.django_db
def test_readyz_is_503_when_the_redis_of_the_cache_is_away(client, settings):
    away = settings.CACHES["default"] | {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    settings.CACHES = settings.CACHES | {"default": away}
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["cache"] == "does not answer"


@pytest.mark.broker
@pytest.mark.django_db
def test_readyz_reaches_a_real_broker(client):
    assert client.get("/readyz").json()["broker"] == "ok"
