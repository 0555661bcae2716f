"""The web, for granian, gunicorn and other WSGI servers."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
embedded.start()
application = get_wsgi_application()
_ = get_resolver().url_patterns  # every view is imported now, and not while the first member waits
