"""Addresses of staff pages, and the pages that exist for one thing."""

from django.apps import apps
from django.contrib import admin
from django.urls import reverse


def page_of(name: str, *args, **query) -> str:
    """`member_adjust` → its address; `index` and other plain names too."""
    address = reverse(f"admin:{name if name == 'index' else f'loyalty_{name}'}", args=args)
    return f"{address}?{'&'.join(f'{key}={value}' for key, value in query.items())}" if query else address


def screen_of(name: str):
    return admin.site._registry[apps.get_model("loyalty", name)]
