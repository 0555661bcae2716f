"""A program's logo: uploaded in the back office, carried by every page of members; nothing but a small picture."""

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tests.admin.pages import page_of
from tests.admin.test_settings import settings_of
from tests.portal.conftest import client_of

pytestmark = pytest.mark.django_db
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def uploads(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def drawn(kind: str = "PNG", size: tuple[int, int] = (120, 40)) -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", size, "#7a1f3d").save(picture, kind)
    return picture.getvalue()


def bomb() -> bytes:
    """A picture that says it is 30,000 pixels wide and high."""
    start, content = drawn(), struct.pack(">4sIIBBBBB", b"IHDR", 30_000, 30_000, 8, 2, 0, 0, 0)
    return start[:12] + content + struct.pack(">I", zlib.crc32(content)) + start[33:]


def upload(browser, program, file_name: str, content: bytes, **more):
    logo = SimpleUploadedFile(file_name, content)
    return browser.post(page_of("program_change", program.pk), settings_of(program, logo=logo, **more))


@pytest.mark.parametrize(
    ("name", "kind", "served_as"),
    [("a.png", "PNG", "image/png"), ("a.JPG", "JPEG", "image/jpeg"), ("a.webp", "WEBP", "image/webp")],
)
def test_what_is_uploaded_stands_in_the_portals_header(staff, world, name, kind, served_as):
    content = drawn(kind)
    assert upload(staff("program_admin"), world.aurora, name, content).status_code == 302
    world.aurora.refresh_from_db()
    address = world.aurora.logo.url
    for browser, path in ((client_of(world.ada), "/p/aurora/"), (Client(), "/p/aurora/join/")):
        header = browser.get(path).content.decode().partition('<header class="topbar')[2].partition("</header>")[0]
        assert f'<img src="{address}" alt="">' in header
    answer = Client().get(address)
    assert (answer["Content-Type"], b"".join(answer.streaming_content)) == (served_as, content)


def test_the_logo_can_be_taken_away_again(staff, world):
    browser = staff("program_admin")
    upload(browser, world.aurora, "a.png", drawn())
    browser.post(page_of("program_change", world.aurora.pk), settings_of(world.aurora) | {"logo-clear": "on"})
    world.aurora.refresh_from_db()
    assert not world.aurora.logo
    assert "/media/" not in client_of(world.ada).get("/p/aurora/").content.decode()


BAD = {
    "a drawing with a script": ("logo.svg", SVG),
    "the same, named as a picture": ("logo.png", SVG),
    "a page": ("logo.html", b"<script>alert(1)</script>"),
    "a page behind a picture's first bytes": ("logo.png", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>"),
    "a GIF": ("logo.gif", drawn("GIF")),
    "a GIF, named as a picture that we take": ("logo.png", drawn("GIF")),
    "a picture named as a page": ("logo.html", drawn()),
    "nothing": ("logo.png", b""),
    "half of a picture": ("logo.png", drawn()[:60]),
    "too wide": ("logo.png", drawn(size=(4001, 1))),
    "too high": ("logo.png", drawn(size=(1, 4001))),
    "too many bytes": ("logo.png", drawn() + b"\0" * 1024 * 1024),
    "a small file that would unfold to gigabytes": ("logo.png", bomb()),
}


@pytest.mark.parametrize(("name", "content"), BAD.values(), ids=BAD.keys())
def test_anything_else_is_refused_and_nothing_is_kept(staff, world, uploads, name, content):
    answer = upload(staff("program_admin"), world.aurora, name, content, name="Other")
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == ["logo"]
    world.aurora.refresh_from_db()
    assert (world.aurora.name, bool(world.aurora.logo)) == ("Aurora", False)
    assert list(uploads.rglob("*.*")) == []


def test_who_may_not_change_the_program_uploads_nothing(staff, world, uploads):
    assert upload(staff("viewer"), world.aurora, "a.png", drawn()).status_code == 403
    assert list(uploads.rglob("*.*")) == []
