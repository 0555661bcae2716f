"""Roll-call of the floors' addresses."""

from django.urls import URLPattern, URLResolver

app_name = "loyalty"
urlpatterns: list[URLPattern | URLResolver] = []
