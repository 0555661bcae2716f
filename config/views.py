"""Answers that belong to no floor: health, and errors outside any page."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.templatetags.static import static
from django.views import defaults
from django.views.decorators.cache import never_cache

from loyalty.lib.rest.problems import refuse


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when the database answers; what a load balancer or a supervisor asks."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that was open too long: say so, and offer the way back."""
    return _page(request, "errors/csrf.html", 403)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before any view, such as a host that is not ours; tills get it as problem+json."""
    return refuse(request, 400) if _is_api(request) else defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our mistake, logged by Django; tills get it as problem+json."""
    if _is_api(request):
        return refuse(request, 500)
    sheets = [static(f"css/{name}.css") for name in ("tokens", "base", "layout", "signs", "controls", "pages")]
    return HttpResponseServerError(get_template("errors/500.html").render({"sheets": sheets}))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Unknown, or someone else's: the page does not tell which."""
    return _page(request, "errors/404.html", 404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Signed in, but not allowed."""
    return _page(request, "errors/403.html", 403)


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    """A page in Laurel's own look: an error never tells whose program was asked for."""
    request.brand = request.member = None  # type: ignore[attr-defined]
    return render(request, template, status=status)
