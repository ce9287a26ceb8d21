"""The API beside the loop: opened where the settings say, opened again when that fails, closed when we leave."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

from reconciler.api.app import Application, Routes, app
from reconciler.api.door import Door, Limits
from reconciler.api.fleet import Fleet
from reconciler.api.listening import CannotListen, Tcp, Unix
from reconciler.api.server import served
from reconciler.daemon.api_settings import ApiSettings
from reconciler.daemon.identities import identities
from reconciler.daemon.logs import log
from reconciler.daemon.one_pass import NothingToDo
from reconciler.daemon.pulse import Pulse
from reconciler.daemon.refusals import RefusalLog
from reconciler.daemon.settings import Settings
from reconciler.daemon.wiring import Acting
from reconciler.model.word import Word
from reconciler.ports.identities import PASSED_ON
from reconciler.providers.http import Http
from reconciler.providers.secrets import LocalSecrets

TRY_AGAIN = timedelta(seconds=30)


async def keep_door(settings: Settings, parts: Acting, pulse: Pulse, routers: Sequence[Routes] = ()) -> None:
    """Serve the API until cancelled. What cannot be opened is logged and tried again: the fleet is kept meanwhile."""
    http = Http()
    try:
        application = app(_door(settings, parts, pulse, http), routers)
        places = [_keep(application, where, settings.api, parts) for where in _places(settings)]
        await asyncio.gather(*places)
    finally:
        await http.close()


async def _keep(application: Application, where: Unix | Tcp, settings: ApiSettings, parts: Acting) -> None:
    while True:
        try:
            async with AsyncExitStack() as stack:
                address = await stack.enter_async_context(served(application, where, settings.limits.connections))
                log.info("the API listens", at=address)
                await asyncio.get_running_loop().create_future()
        except CannotListen as error:
            log.error("the API cannot be reached there; it is tried again", reason=str(error))
        except Exception as error:  # noqa: BLE001 - a bug of the door must not end the daemon, which keeps the fleet
            log.error("internal error: the API has ended; it is opened again", exc_info=error)
        await parts.world.clock.sleep(TRY_AGAIN)


def _places(settings: Settings) -> Iterator[Unix | Tcp]:
    api = settings.api
    if path := api.socket_in(settings.state_dir):
        yield Unix(path, api.group)
    if api.tcp:
        yield Tcp(api.tcp.host, api.tcp.port, api.tcp.certificate, api.tcp.key)


def _door(settings: Settings, parts: Acting, pulse: Pulse, http: Http) -> Door:
    api, clock = settings.api, parts.world.clock
    fleet = Fleet(parts.doorway.desk, clock)

    async def said() -> Sequence[Word]:
        # Every request asks for the tokens there are. One that was revoked through this door is not good any more
        # at once, one that was revoked otherwise after a second.
        return (await fleet.view()).picture.standing.words

    secrets = LocalSecrets(settings.secrets.directory, settings.state_dir / "secret-key", os.environ)
    limits = replace(
        Limits(),
        requests=api.limits.requests,
        burst=api.limits.burst,
        body=api.limits.body,
        streams=api.limits.streams,
    )
    return Door(
        doorway=parts.doorway,
        records=parts.sources.store.search,
        fleet=fleet,
        identities=identities(api, said, secrets, http, clock),
        refusing=RefusalLog(parts.world.journal, clock),
        clock=clock,
        newest=parts.newest,
        alive=pulse.silent,
        troubled=_troubled,
        unwilling=(NothingToDo,),
        limits=limits,
        figures=parts.sources.figures,
        came_with=parts.sources.recorder.woken,
        open_metrics=api.metrics == "open",
        passed_on=PASSED_ON | ({api.proxy.secret_header.lower()} if api.proxy else set()),
    )


def _troubled(request: str, error: BaseException) -> None:
    log.error("internal error: a request could not be answered", request=request, exc_info=error)
