"""Headers that Django has no setting for."""

from django.conf import settings

PERMISSIONS = "camera=(self), geolocation=(), microphone=(), payment=(), usb=()"


def response_policy(get_response):
    """The admin's looser CSP, Permissions-Policy, and no caching of what a signed-in person sees."""

    def middleware(request):
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if request.path.startswith("/admin/") and not hasattr(response, "_csp_config"):
            response._csp_config = settings.ADMIN_CSP
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware
