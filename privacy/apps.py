from django.apps import AppConfig
from django.core import checks


class PrivacyConfig(AppConfig):
    name = "privacy"

    def ready(self) -> None:
        from privacy import rotation

        checks.register(rotation.check_file_models, checks.Tags.models)
