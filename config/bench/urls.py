"""The product's addresses, and beside them views that do nothing: only on the server that bench starts."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config import urls
from config.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class Empty(APIView):
    """What REST framework costs by itself."""

    def get(self, request: Request) -> Response:
        return Response({})

    post = get


def signed_in(request: HttpRequest) -> HttpResponse:
    """What a page costs that only knows who asks."""
    return HttpResponse(str(request.user.pk))


urlpatterns = [path("bench/empty", Empty.as_view()), path("bench/signed-in", signed_in), *urls.urlpatterns]
