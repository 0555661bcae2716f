"""What a browser fetches beside the pages: a program's colours and logo."""

import mimetypes
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from loyalty.lib.errors import NotFound
from loyalty.portal.rules import stylesheet
from loyalty.programs.queries.programs import program_by_code

FOR_EVER = "public, max-age=31536000, immutable"
PICTURES = {"image/png", "image/jpeg", "image/webp"}


@require_safe
def brand_css(request: HttpRequest, code: str) -> HttpResponse:
    """The colours of one program; the address carries a version, so the answer may be kept."""
    try:
        program = program_by_code(code)
    except NotFound as error:
        raise Http404 from error
    css = stylesheet(program.code, program.brand_color, program.accent_color)
    return HttpResponse(css, content_type="text/css; charset=utf-8", headers={"Cache-Control": FOR_EVER})


@require_safe
def logo(request: HttpRequest, name: str) -> FileResponse:
    """An uploaded logo, and nothing else of what lies among the uploads. Its bytes are only ever a picture."""
    path = str(PurePosixPath("logos") / name)
    kind = mimetypes.guess_type(name)[0]
    if kind not in PICTURES or not default_storage.exists(path):
        raise Http404
    headers = {"Cache-Control": "public, max-age=86400", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return FileResponse(default_storage.open(path), content_type=kind, headers=headers)
