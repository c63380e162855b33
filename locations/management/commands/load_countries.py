"""Make the countries and areas of the world."""

from django.core.management.base import BaseCommand

from locations import loading


class Command(BaseCommand):
    help = "Make the countries and areas that ship with the portal, with their codes and names. Countries that exist stay as they are."

    def handle(self, *args: object, **options: object) -> None:
        self.stdout.write(f"{loading.load_countries()} countries and areas made.")
