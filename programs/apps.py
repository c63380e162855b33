from django.apps import AppConfig


class ProgramsConfig(AppConfig):
    name = "programs"

    def ready(self) -> None:
        from programs import second_factor  # noqa: F401 - its receiver counts the set-up of a factor as showing it
