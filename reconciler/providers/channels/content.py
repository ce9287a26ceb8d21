"""What a message says, in the length that a channel takes."""

from reconciler.model.notification import Notice, Severity
from reconciler.policy.dialects import Dialect, clean
from reconciler.policy.notice_template import TemplateWrong, written
from reconciler.ports.channels import Outgoing

_MARKS = {Severity.INFO: "", Severity.WARNING: "Warning: ", Severity.ERROR: "Error: ", Severity.CRITICAL: "CRITICAL: "}
_CUT = " …"


def title(notice: Notice, longest: int) -> str:
    """Return the one line that says it, not escaped, with how much it matters before it."""
    said = " ".join(clean(notice.title).split()) or notice.topic.value
    return shortened(f"{_MARKS[notice.severity]}{said}", longest)


def body(message: Outgoing, dialect: Dialect) -> str:
    """Return the text in the dialect; a template that fails does not keep people from being told."""
    try:
        return written(message.template, message.notice, dialect)
    except TemplateWrong as wrong:
        usual = written("", message.notice, dialect)
        return f"{usual}\n{dialect.escape(f'(the template of the policy cannot be used: {wrong})')}"


def shortened(text: str, longest: int) -> str:
    """Return the text, or its beginning and a mark that there is more."""
    return text if len(text) <= longest else text[: longest - len(_CUT)] + _CUT


def lines_within(text: str, longest: int) -> str:
    """Return as many whole lines as fit, so that no mark and no link is cut in two; bytes of UTF-8 count."""
    if len(text.encode()) <= longest:
        return text
    kept, size = list[str](), len(_CUT.encode()) + 1
    # A line that is longer than all of it is cut: else nothing of it would be told.
    for line in (shortened(each, longest // 4) for each in text.split("\n")):
        size += len(line.encode()) + 1
        if size > longest:
            break
        kept.append(line)
    return "\n".join([*kept, _CUT.strip()])


def parts(text: str, longest: int, most: int) -> list[str]:
    """Return the text in pieces of whole lines of at most so many characters, and at most so many pieces."""
    found, piece = list[str](), ""
    for line in text.split("\n"):
        fits = shortened(line, longest)
        if piece and len(piece) + 1 + len(fits) > longest:
            found.append(piece)
            piece = fits
        else:
            piece = f"{piece}\n{fits}" if piece else fits
    found += [piece] if piece else []
    return found if len(found) <= most else [*found[: most - 1], _CUT.strip()]
