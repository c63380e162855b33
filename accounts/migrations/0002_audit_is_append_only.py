"""PostgreSQL refuses what an append-only log must not see: deletion, and any change but the one-time number and hash."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_audit_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'the audit log is append-only: event % cannot be deleted', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.number IS NULL AND OLD.hash IS NULL AND NEW.number IS NOT NULL AND NEW.hash IS NOT NULL
       AND (NEW.id, NEW.at, NEW.event, NEW.actor, NEW.behind, NEW.via, NEW.detail)
         IS NOT DISTINCT FROM (OLD.id, OLD.at, OLD.event, OLD.actor, OLD.behind, OLD.via, OLD.detail) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only: event % cannot be changed', OLD.id USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION accounts_audit_subject_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: subject % cannot be changed or deleted', OLD.id USING ERRCODE = 'restrict_violation';
END $$;

-- Emptying a whole table fires no row trigger. Test runners empty their own databases, which PostgreSQL names test_…; no other may.
CREATE FUNCTION accounts_audit_truncate_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_database() NOT LIKE 'test\\_%' THEN
        RAISE EXCEPTION 'the audit log is append-only: it cannot be emptied' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON accounts_auditevent
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_event_guard();
CREATE TRIGGER audit_event_not_emptied BEFORE TRUNCATE ON accounts_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_truncate_guard();
CREATE TRIGGER audit_subject_append_only BEFORE UPDATE OR DELETE ON accounts_auditsubject
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_subject_guard();
CREATE TRIGGER audit_subject_not_emptied BEFORE TRUNCATE ON accounts_auditsubject
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_truncate_guard();
"""

BACKWARD = """
DROP TRIGGER audit_subject_not_emptied ON accounts_auditsubject;
DROP TRIGGER audit_subject_append_only ON accounts_auditsubject;
DROP TRIGGER audit_event_not_emptied ON accounts_auditevent;
DROP TRIGGER audit_event_append_only ON accounts_auditevent;
DROP FUNCTION accounts_audit_truncate_guard();
DROP FUNCTION accounts_audit_subject_guard();
DROP FUNCTION accounts_audit_event_guard();
"""


def _on_postgresql(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            with schema_editor.connection.cursor() as cursor:
                cursor.execute(statements)

    return run


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(_on_postgresql(FORWARD), _on_postgresql(BACKWARD))]
