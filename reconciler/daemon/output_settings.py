"""The settings of what programs on targets print: how much of it is kept, and how long."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from reconciler.daemon.section import Duration, Section


class OutputSettings(Section):
    """``step`` is how many KiB are kept of one step on one target, ``after`` how long they are kept."""

    step: Annotated[int, Field(ge=1, le=16384)] = 1024
    after: Duration = timedelta(days=30)
