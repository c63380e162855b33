"""On PostgreSQL the database itself keeps a version as it was from its first response on, and the answers of an approved round."""

from django.db import migrations

# table -> the version a row belongs to; wordings may be added in another language, but not changed
PARTS = {
    "surveys_domain": "row.version_id",
    "surveys_optionset": "row.version_id",
    "surveys_item": "row.version_id",
    "surveys_band": "row.version_id",
    "surveys_option": "(SELECT version_id FROM surveys_optionset WHERE id = row.set_id)",
    "surveys_itemweight": "(SELECT version_id FROM surveys_item WHERE id = row.item_id)",
    "surveys_shownif": "(SELECT version_id FROM surveys_item WHERE id = row.item_id)",
}
WORDINGS = {
    "surveys_domaintext": "(SELECT version_id FROM surveys_domain WHERE id = row.domain_id)",
    "surveys_optiontext": "(SELECT s.version_id FROM surveys_option o JOIN surveys_optionset s ON s.id = o.set_id WHERE o.id = row.option_id)",
    "surveys_itemtext": "(SELECT version_id FROM surveys_item WHERE id = row.item_id)",
    "surveys_leveldescriptor": "(SELECT version_id FROM surveys_item WHERE id = row.item_id)",
}
RESPONSES = {
    "surveys_surveyresponse": "row.survey_round_id",
    "surveys_answer": "(SELECT survey_round_id FROM surveys_surveyresponse WHERE id = row.response_id)",
    "surveys_score": "(SELECT survey_round_id FROM surveys_surveyresponse WHERE id = row.response_id)",
}

VERSION = """
CREATE FUNCTION surveys_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.frozen_at IS DISTINCT FROM NEW.frozen_at OR OLD.instrument_id <> NEW.instrument_id
        OR OLD.version <> NEW.version OR OLD.rule <> NEW.rule OR OLD.weights_mode <> NEW.weights_mode
        OR OLD.scale_min <> NEW.scale_min OR OLD.scale_max <> NEW.scale_max OR OLD.min_answered <> NEW.min_answered
        OR OLD.min_applicable <> NEW.min_applicable OR OLD.is_official_scoring <> NEW.is_official_scoring THEN
        RAISE EXCEPTION 'version % of an instrument was answered: it stands as it is', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER version_stands BEFORE UPDATE OR DELETE ON surveys_instrumentversion
    FOR EACH ROW WHEN (OLD.frozen_at IS NOT NULL) EXECUTE FUNCTION surveys_version_guard();
"""

PART = """
CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    "row" {table};
BEGIN
    IF TG_OP = 'INSERT' THEN "row" := NEW; ELSE "row" := OLD; END IF;
    IF EXISTS (SELECT 1 FROM surveys_instrumentversion WHERE id = {version} AND frozen_at IS NOT NULL) THEN
        RAISE EXCEPTION 'this version of an instrument was answered: it stands as it is' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {table}_stands BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_guard();
"""

RESPONSE = """
CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    "row" {table};
BEGIN
    IF TG_OP = 'INSERT' THEN "row" := NEW; ELSE "row" := OLD; END IF;
    IF EXISTS (SELECT 1 FROM surveys_surveyround WHERE id = {survey_round} AND status = 'approved') THEN
        RAISE EXCEPTION 'this survey round is approved: its answers stand' USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER {table}_stands BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_guard();
"""


def _forward(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    every, changed = "INSERT OR UPDATE OR DELETE", "UPDATE OR DELETE"
    statements = [VERSION]
    statements += [PART.format(table=t, version=v.replace("row.", '"row".'), events=every) for t, v in PARTS.items()]
    statements += [PART.format(table=t, version=v.replace("row.", '"row".'), events=changed) for t, v in WORDINGS.items()]
    statements += [RESPONSE.format(table=t, survey_round=r.replace("row.", '"row".')) for t, r in RESPONSES.items()]
    with schema_editor.connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _backward(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION surveys_version_guard() CASCADE")
        for table in (*PARTS, *WORDINGS, *RESPONSES):
            cursor.execute(f"DROP FUNCTION {table}_guard() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("surveys", "0001_initial")]
    operations = [migrations.RunPython(_forward, _backward)]
