"""Every address of the product begins here."""

from django.contrib import admin
from django.urls import include, path, re_path

from config import views
from loyalty.lib.rest.views import Unknown

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("loyalty.urls")),
    re_path(r"^api(?:/|$)", Unknown.as_view()),  # after every address of the API
]
handler400 = "config.views.bad_request"
handler403 = "config.views.forbidden"
handler404 = "config.views.not_found"
handler500 = "config.views.server_error"
