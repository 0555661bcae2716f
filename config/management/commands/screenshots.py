"""Takes the README's pictures of a fresh sample brand, so that they never show what is no longer there."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.sample.people import PASSWORD

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}
SCHEMES = ("light", "dark")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# name, who looks, where; a member's or rule's own page is reached by its first link in a list
PAGES = [
    ("portal-home", "ada@aurora.example", "/p/aurora/", ""),
    ("portal-statement", "ada@aurora.example", "/p/aurora/statement/", ""),
    ("portal-earn", "ada@aurora.example", "/p/aurora/earn/", ""),
    ("portal-tiers", "ada@aurora.example", "/p/aurora/tiers/", ""),
    ("admin-start", "sam@aurora.example", "/admin/", ""),
    ("admin-rules", "sam@aurora.example", "/admin/loyalty/earningrule/", ""),
    ("admin-rule", "sam@aurora.example", "/admin/loyalty/earningrule/?q=Triple", "#result_list tbody th a"),
    ("admin-campaigns", "sam@aurora.example", "/admin/loyalty/campaign/calendar/", ""),
    ("admin-ladder", "sam@aurora.example", "/admin/loyalty/tierset/", "#result_list tbody th a"),
    ("admin-member", "sam@aurora.example", "/admin/loyalty/member/?q=Ada", "#result_list tbody th a"),
]


class Command(BaseCommand):
    help = "Take the README's screenshots: phone and desktop, light and dark. Needs Chromium."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, default=Path(settings.BASE_DIR) / ".screenshots")

    def handle(self, *, out: Path, **options: Any) -> None:
        chromium = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
        if chromium is None:
            raise CommandError("No Chromium is installed: apt-get install chromium, then try again.")
        out.mkdir(parents=True, exist_ok=True)
        with _sample_brand() as address:
            for name in _take_all(chromium, address, out):
                self.stdout.write(name)


@contextlib.contextmanager
def _sample_brand() -> Iterator[str]:
    """A fresh `demo` of its own on a free port, gone afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="laurel-pictures-") as home:
        os.chmod(home, 0o755)  # noqa: S103 the embedded server's own account must pass through
        environment = {**os.environ, "LAUREL_HOME": home}
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "demo", "--port", str(port)]
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 our own command
        try:
            yield _when_healthy(f"http://127.0.0.1:{port}", child)
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(60)


def _when_healthy(address: str, child: subprocess.Popen) -> str:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and child.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310
            return address
        time.sleep(0.5)
    raise CommandError("The sample brand did not come up; try `manage.py demo` to see why.")


def _take_all(chromium: str, address: str, out: Path) -> Iterator[str]:
    from playwright.sync_api import sync_playwright  # a developer's tool: not there in production

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        for size, viewport in SIZES.items():
            for scheme in SCHEMES:
                for person in dict.fromkeys(page[1] for page in PAGES):
                    context = browser.new_context(
                        viewport=viewport,
                        color_scheme=scheme,
                        device_scale_factor=2 if size == "phone" else 1,
                        reduced_motion="reduce",
                    )
                    page = _signed_in(context, address, person)
                    for name, _who, path, link in (each for each in PAGES if each[1] == person):
                        yield _take(page, address + path, link, out / f"{name}-{size}-{scheme}.png")
                    context.close()
        browser.close()


def _signed_in(context: Any, address: str, email: str) -> Any:
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", email)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    return page


def _take(page: Any, url: str, link: str, picture: Path) -> str:
    page.goto(url)
    if link:
        page.locator(link).first.click()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=str(picture))
    return picture.name
