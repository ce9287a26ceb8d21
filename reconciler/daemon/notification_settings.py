"""The settings of this machine for telling people: what policies in Git may use of it."""

from reconciler.daemon.section import Section


class NotificationSettings(Section):
    """``links`` is the address under which people reach the API or the forge, for links in messages."""

    links: str = ""
