"""The page in a real browser: readable on a phone and on a desk, light and dark, and no request to anywhere."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from reconciler.model.chronicle import Drifted, StepTook
from reconciler.model.rollout import State
from reconciler.report.document import Document
from reconciler.report.period import Period
from reconciler.report.period_page import period_page
from reconciler.report.period_report import Grouping, period_report
from reconciler.report.plots import draw
from reconciler.report.render_html import html
from tests.conftest import unavailable
from tests.report.browser import CHROMIUM, Tab, tab
from tests.report.chronicles import CART, SHOP, after, chronicle, ran
from tests.report.test_renders import CHART, EVIL, document

PHONE, DESK = (390, 844), (1280, 900)
OVERHANGING = """[...document.querySelectorAll('body *')]
    .filter(each => !each.closest('thead') || getComputedStyle(each.closest('thead')).position != 'absolute')
    .filter(each => each.getClientRects().length && each.getBoundingClientRect().right > innerWidth + 1)
    .map(each => each.tagName + '.' + each.className)"""


def busy() -> Document:
    """A report with a lot of everything, and with long names."""
    rollouts = [
        ran(State.REVERTED if number % 7 == 0 else State.SUCCEEDED, number * 400, number * 400 + 9, unit=unit)
        for number in range(100)
        for unit in (SHOP, CART)
    ]
    steps = [
        StepTook(SHOP, f"check the health of batch {n} ({'long' * 9})", after(n), after(n) - after(0))
        for n in range(1, 12)
    ]
    drifted = [Drifted(SHOP, f"{SHOP}/web-1/file:/etc/{'x' * n}.toml", after(n), healed=True) for n in range(90)]
    accepted = {each.commit: each.started_at - (after(each.started_at.hour) - after(0)) for each in rollouts}
    told = chronicle(*rollouts, accepted=accepted, steps=tuple(steps), drifted=tuple(drifted))
    return period_page(period_report(told, Period(after(0), after(40_000)), Grouping.UNIT, ""), after(50_000))


@dataclass
class Site:
    """A server that gives one page to whoever asks for anything, and notes what they ask for."""

    url: str
    asked: list[str]


@contextmanager
def site(page: str) -> Iterator[Site]:
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answers, page.encode(), asked))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Site(f"http://127.0.0.1:{server.server_address[1]}/report.html", asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Answers(BaseHTTPRequestHandler):
    def __init__(self, page: bytes, asked: list[str], *rest: object) -> None:
        self._page = page
        self._asked = asked
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(self._page)))
        self.end_headers()
        self.wfile.write(self._page)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    if not CHROMIUM:
        unavailable("there is no chromium")
    with tab(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_page_fits_and_asks_nobody_for_anything(
    page: Tab, size: tuple[int, int], scheme: str, tmp_path: Path
) -> None:
    page.size(*size, mobile=size == PHONE)
    page.prefer(scheme)
    page.requests.clear()
    with site(html(busy(), draw)) as there:
        page.open(there.url)
        assert page.value("document.documentElement.scrollWidth") == size[0]
        assert page.value("innerWidth") == size[0], "the window was made larger to hold the page"
        assert page.value(OVERHANGING) == []
        assert page.value("document.querySelectorAll('figure svg').length") == 6
        picture = page.picture()
    (tmp_path / "seen.png").write_bytes(picture)
    assert there.asked == ["/report.html"]
    assert [each for each in page.requests if not each.startswith("data:")] == [there.url]
    with Image.open(BytesIO(picture)) as seen:
        assert seen.size == size
        brightness = ImageStat.Stat(seen.convert("L")).mean[0]
        colours = seen.convert("RGB").getcolors(maxcolors=1 << 24)
    assert (brightness < 80) == (scheme == "dark")
    assert len(colours or ()) > 50, "there is next to nothing to be seen"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_picture_has_words_and_is_seen_once(page: Tab, size: tuple[int, int]) -> None:
    page.size(*size, mobile=size == PHONE)
    with site(html(busy(), draw)) as there:
        page.open(there.url)
        shown = page.value(
            "[...document.querySelectorAll('figure')].filter(each => each.getClientRects().length).length"
        )
        tree = page.ask("Accessibility.getFullAXTree")["nodes"]
    pictures = [
        each["name"]["value"] for each in tree if each["role"]["value"] in ("image", "img") and not each["ignored"]
    ]
    assert shown == 3
    assert [each.split(":")[0] for each in pictures] == [
        "Deployments",
        "Lead time, median",
        "Steps in which most time went by",
    ]


def test_letters_on_a_phone_are_large_enough_to_read(page: Tab) -> None:
    page.size(*PHONE, mobile=True)
    with site(html(busy(), draw)) as there:
        page.open(there.url)
        least = page.value(
            "Math.min(...[...document.querySelectorAll('td, dd, p, .note, figure.narrow svg text')].filter("
            "each => each.getClientRects().length).map(each => parseFloat(getComputedStyle(each).fontSize) * "
            "(each.getCTM ? Math.hypot(each.getScreenCTM().a, each.getScreenCTM().b) : 1)))"
        )
    assert least >= 10.5


def test_what_is_in_the_data_does_nothing_in_a_browser(page: Tab) -> None:
    page.size(*PHONE, mobile=True)
    page.requests.clear()
    with site(html(document(EVIL, CHART), draw)) as there:
        page.open(there.url)
        assert page.value("document.scripts.length") == 0
        assert page.value("document.documentElement.scrollWidth") == PHONE[0]
        assert there.asked == ["/report.html"]
    assert [each for each in page.requests if not each.startswith("data:")] == [there.url]


def test_the_page_forbids_what_somebody_would_put_in_it(page: Tab) -> None:
    page.requests.clear()
    page.said.clear()
    stranger = "<script>document.title='taken'</script><img src='/spy.png'><iframe src='/frame'></iframe></body>"
    with site(html(document("well"), None).replace("</body>", stranger)) as there:
        page.open(there.url)
        assert page.value("document.title") == "well"
        assert there.asked == ["/report.html"]
    assert any("Content Security Policy" in each for each in page.said)
