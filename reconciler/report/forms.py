"""A report in each of its formats. Pure."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, assert_never

from reconciler.report.document import Document
from reconciler.report.render_html import Draw, html
from reconciler.report.render_markdown import markdown
from reconciler.report.render_text import text


class Form(StrEnum):
    """The formats that reports come in."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Report:
    """One report for people (``document``) and for programs: a JSON value, and CSV."""

    document: Document
    data: dict[str, Any]
    csv: str


def formed(report: Report, form: Form, width: int, draw: Draw | None) -> str:
    """Return the report as text of the format; ``width`` is for text alone, ``draw`` draws the plots of a page."""
    match form:
        case Form.TEXT:
            return text(report.document, width)
        case Form.MARKDOWN:
            return markdown(report.document)
        case Form.JSON:
            return json.dumps(report.data, indent=2) + "\n"
        case Form.CSV:
            return report.csv
        case Form.HTML:
            return html(report.document, draw)
        case _:
            assert_never(form)
