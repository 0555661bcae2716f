from django.apps import AppConfig

from config.celery import app

__all__ = ["ConfigConfig", "app"]  # the Celery app must exist wherever a task is sent from


class ConfigConfig(AppConfig):
    name = "config"
