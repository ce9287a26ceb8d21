"""HTML made of elements: the one way in which text gets into a page, so that none of it can be markup. Pure."""

import html
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_VOID = frozenset({"meta", "link", "br"})


class Markup(str):
    """Text that is HTML already. Only ``element`` and ``joined`` make it, and ``trusted`` for what is ours."""

    __slots__ = ()


def element(name: str, /, *children: "str | Markup", **attributes: str) -> Markup:
    """Return an element; children that are no Markup are escaped, and so are attributes.

    ``class_`` and the like are written without the line at their end, others with dashes for lines.
    """
    said = "".join(f' {_name(key)}="{escape(value)}"' for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{said}>")
    return Markup(f"<{name}{said}>{joined(*children)}</{name}>")


def joined(*children: "str | Markup") -> Markup:
    """Return the children one after the other."""
    return Markup("".join(each if isinstance(each, Markup) else escape(each) for each in children))


def trusted(text: str) -> Markup:
    """Take a text for HTML: for style sheets of ours, and for pictures that were drawn here."""
    return Markup(text)


def escape(text: str) -> str:
    """Return the text as HTML shows it; what is not to be seen, or turns text around, stands as a replacement."""
    return html.escape(visible(text), quote=True)


def visible(text: str) -> str:
    """Return the text with a replacement for each character that is not to be seen, or that turns text around."""
    return "".join("\ufffd" if unicodedata.category(each) in _HIDDEN and each != "\n" else each for each in text)


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
