"""Write docs/roles.md from accounts/roles.py."""

from django.conf import settings
from django.core.management.base import BaseCommand

from accounts import roles_page


class Command(BaseCommand):
    help = "Write docs/roles.md anew from the roles in the code."

    def handle(self, *args: object, **options: object) -> None:
        page = settings.BASE_DIR / "docs" / "roles.md"
        page.parent.mkdir(exist_ok=True)
        page.write_text(roles_page.text(), encoding="utf-8")
        self.stdout.write(f"Wrote {page}.")
