"""Walk the audit log and say whether it is whole."""

from django.core.management.base import BaseCommand, CommandError

from accounts import audit


class Command(BaseCommand):
    help = "Check every sealed event of the audit log against its hash; names the first broken link and ends with an error there."

    def handle(self, *args: object, **options: object) -> None:
        verdict = audit.note_verification(by=None, via="command")
        if verdict.broken_at is not None:
            raise CommandError(
                f"The audit log is broken at event {verdict.broken_at}: {verdict.reason}. The {verdict.checked} before it hold."
            )
        self.stdout.write(f"{verdict.checked} sealed events hold; {verdict.unsealed} wait for their seal.")
        if verdict.checked:
            self.stdout.write(f"Hash of event {verdict.checked}: {verdict.head}")
