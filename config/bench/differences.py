"""What is different from the product's settings while it is measured."""

from typing import Any


def differences(database: str, caches: dict[str, Any]) -> dict[str, Any]:
    """On HTTP without TLS, on this machine alone, with static files that nobody has collected and a till that talks to
    nobody's queue. The caches are the operator's, under names of our own.
    """
    return {
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "CACHES": {name: {**cache, "KEY_PREFIX": database} for name, cache in caches.items()},
        "CSRF_COOKIE_NAME": "csrf",
        "CSRF_COOKIE_SECURE": False,
        "OUTBOX_WIRING": "config.bench.wiring",
        "SECURE_SSL_REDIRECT": False,
        "SESSION_COOKIE_NAME": "session",
        "SESSION_COOKIE_SECURE": False,
        "STORAGES": {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
    }
