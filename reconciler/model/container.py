"""What is done to have a container as it shall be, as data."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from reconciler.model.canonical import Digest
from reconciler.model.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class PutContainer:
    """Have a container of the name that was made as ``create`` says (the Engine API's JSON) and has the label ``spec``.

    The new one is made beside the one that is there, as ``<name>.new``, and started; with ``ahead`` the old one runs on
    meanwhile, else it is stopped first. Once the new one does well the names change: the old one is kept, stopped, as
    ``<name>.previous``, and an older one goes. When the kept one is the one that is wanted, it is taken. When the new
    one does not do well within ``limit``, all is as it was.

    ``instead_of`` is the id of one that has to go whatever its label says.
    ``networks`` are those that it is connected with besides the first one, ``stopping`` is how long it has to end.
    """

    name: str
    spec: Digest
    create: Content
    instead_of: str = ""
    networks: tuple[str, ...] = ()
    ahead: bool = False
    running: bool = True
    stopping: timedelta = timedelta(seconds=10)
    limit: timedelta = timedelta(minutes=3)
    op: Literal["put_container"] = "put_container"
