from django.apps import AppConfig


class ReintegrationConfig(AppConfig):
    name = "reintegration"

    def ready(self) -> None:
        from reintegration import assignment  # noqa: F401 - moves what hangs on somebody who leaves
