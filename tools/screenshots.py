"""Pictures of the console of a running demo: every sign-in's queue and one incident, light and dark, wide and phone.

Starts `tandem demo` in a folder of its own, signs in as a person would, and writes PNG files to screenshots/.
Judges nothing: people look at the pictures, tests/e2e does the checking.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
TANDEM = Path(sys.executable).with_name("tandem")
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SIZES: dict[str, ViewportSize] = {"wide": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
CHROMIUM_FLAGS = ["--no-sandbox", "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@contextlib.contextmanager
def running_demo(deadline_s: float = 60) -> Iterator[dict[str, Any]]:
    """Yield demo.json of a demo on a free port; stop it as Ctrl-C would."""
    with tempfile.TemporaryDirectory(prefix="tandem-") as folder:
        Path(folder).chmod(0o755)  # started by root, PostgreSQL runs as another user and must pass through
        data = Path(folder) / "data"
        demo = subprocess.Popen([TANDEM, "demo", "--port", "0", "--data-dir", data], cwd=ROOT)
        try:
            yield wait_for(data / "demo.json", demo, deadline_s)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(timeout=30)


def wait_for(file: Path, demo: subprocess.Popen[bytes], deadline_s: float) -> dict[str, Any]:
    """Poll for ``file``; exits when the demo ended or the deadline passed."""
    until = time.monotonic() + deadline_s
    while time.monotonic() < until and demo.poll() is None:
        if file.is_file():
            answer: dict[str, Any] = json.loads(file.read_text("utf-8"))
            return answer
        time.sleep(0.2)
    sys.exit(f"screenshots: the demo did not get ready (exit code {demo.poll()})")


def sign_in(page: Page, console_url: str, sign_in: dict[str, str]) -> None:
    """Fill the sign-in form: the one with a password field."""
    page.goto(console_url)
    form = page.locator("form:has(input[type=password])")
    form.locator("input:not([type=password]):not([type=hidden])").first.fill(sign_in["user"])
    form.locator("input[type=password]").fill(sign_in["password"])
    form.locator("button[type=submit], button").first.click()
    page.wait_for_selector("a[href*='/incidents/']", timeout=60_000)


def take(browser: Browser, demo: dict[str, Any], role: str, into: Path) -> None:
    """Queue and first incident of one role in every scheme and size."""
    for scheme in SCHEMES:
        for size, viewport in SIZES.items():
            context = browser.new_context(color_scheme=scheme, viewport=viewport)
            page = context.new_page()
            sign_in(page, demo["console_url"], demo["sign_ins"][role])
            page.screenshot(path=into / f"queue-{role}-{scheme}-{size}.png", full_page=True)
            page.locator("a[href*='/incidents/']").first.click()
            page.wait_for_url("**/incidents/**")
            page.screenshot(path=into / f"incident-{role}-{scheme}-{size}.png", full_page=True)
            context.close()


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / "screenshots")
    parser.add_argument("--role", action="append", help="a role of demo.json, default all; may be repeated")
    parser.add_argument("--settle", type=float, default=20, help="seconds of feed before the first picture")
    options = parser.parse_args()
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        sys.exit("screenshots: no Chromium here: apt-get install --no-install-recommends chromium fonts-dejavu-core")
    options.into.mkdir(parents=True, exist_ok=True)
    with running_demo() as demo, sync_playwright() as playwright:
        time.sleep(options.settle)
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        for role in options.role or demo["sign_ins"]:
            take(browser, demo, role, options.into)
        browser.close()
    print(f"screenshots: {len(list(options.into.glob('*.png')))} pictures in {options.into}")


if __name__ == "__main__":
    main()
