"""What may be the name of a person, a machine or a group: something that can be read and written down. Pure."""

LONGEST = 200


def is_name(text: str) -> bool:
    """Whether the text is 1 to 200 visible characters; spaces may be between them, as in names of groups."""
    return 0 < len(text) <= LONGEST and text.isprintable() and text == text.strip()
