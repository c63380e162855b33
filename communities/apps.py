from django.apps import AppConfig


class CommunitiesConfig(AppConfig):
    name = "communities"

    def ready(self) -> None:
        from communities import early_warnings  # noqa: F401 - moves what hangs on somebody who leaves
