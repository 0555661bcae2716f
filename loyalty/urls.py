"""Roll-call of the floors' addresses."""

from django.urls import URLPattern, URLResolver, include, path

from loyalty.lib.rest.document import ShowDocs, ShowDocument

app_name = "loyalty"
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/schema", ShowDocument.as_view(), name="api-schema"),
    path("api/v1/docs", ShowDocs.as_view(), name="api-docs"),
    path("api/v1/", include("loyalty.members.api.urls")),
    path("api/v1/", include("loyalty.programs.api.urls")),
    path("", include("loyalty.portal.urls")),
]
