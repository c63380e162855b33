"""Make a new key for what is encrypted from now on."""

from django.conf import settings
from django.core.management.base import BaseCommand

from privacy import keys


class Command(BaseCommand):
    help = "Make a new current key (and the file of keys, where there is none). Older keys stay, so that what they protect still opens."

    def handle(self, *args: object, **options: object) -> None:
        new = keys.add()
        self.stdout.write(f"New files are encrypted with {new.id} from now on.")
        self.stdout.write(f"Keep a safe copy of {settings.FIELD_KEYS_FILE} apart from the backups: they do not hold it.")
