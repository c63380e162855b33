"""A trigram index for names that hold what was typed, on PostgreSQL: without it each such search reads every place.

The extension is trusted since PostgreSQL 13: the owner of the database may make it. Where it may not be made the index is left out
and search finds the same, slower. SQLite has no such index.
"""

from django.db import DatabaseError, migrations, transaction

TABLES = ("place", "placename")


def make(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError:
        return
    for table in TABLES:
        schema_editor.execute(
            f"CREATE INDEX IF NOT EXISTS {table}_folded_inside ON locations_{table} USING gin (folded gin_trgm_ops)"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"DROP INDEX IF EXISTS {table}_folded_inside")


class Migration(migrations.Migration):
    dependencies = [("locations", "0001_initial")]
    operations = [migrations.RunPython(make, drop)]
