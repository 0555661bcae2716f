from django.apps import AppConfig
from django.contrib.admin import apps as admin

from config.celery import app

__all__ = ["ConfigConfig", "app"]  # the Celery app must exist wherever a task is sent from


class ConfigConfig(AppConfig):
    name = "config"
    default = True


class BackOfficeConfig(admin.AdminConfig):
    """Django's admin, with the site of `back_office.py` as the one site."""

    default_site = "config.back_office.BackOffice"
    default = False
