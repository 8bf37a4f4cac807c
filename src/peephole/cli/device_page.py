"""`peephole device page`: a device's people, strangers and visits in a browser."""

from functools import partial
from typing import Annotated

import typer

from peephole.cli.device_line import connection_of, line_of
from peephole.cli.options import JsonOption, ModelOption
from peephole.cli.serving import serve

PORT = 8643


def page(
    context: typer.Context,
    http: Annotated[int, typer.Option("--http", min=0, max=65535, help="Port of the page; 0 takes a free one.")] = PORT,
    host: Annotated[
        str, typer.Option(help="Address on which the page is served. There is no password: keep it to this machine.")
    ] = "127.0.0.1",
    model: ModelOption = None,
    json: JsonOption = False,
) -> int:
    """Serve a page like that of peephole run; it keeps the line, so that other commands have to wait for its end."""
    from peephole.cli.programs import load_program
    from peephole.cli.terminal import Terminal
    from peephole.device.household import DeviceHousehold
    from peephole.device.keys import read_key
    from peephole.device.names import NAME_BYTES
    from peephole.device.watch import DeviceWatch
    from peephole.doorbell.assembly import make_recogniser
    from peephole.settings.household import Page
    from peephole.web.door import Door

    connection = connection_of(context)
    port, open_line = line_of(connection)
    watch = DeviceWatch(port, open_line, partial(read_key, connection.data), connection.seconds)
    watch.announcer.listen(Terminal(json))
    household = DeviceHousehold(watch, make_recogniser(load_program(model)))
    connections = (f"{port}: the device",) if "://" in port else ()
    door = Door(household, f"the device on {port}", connections, NAME_BYTES)
    return serve(door, watch, Page(host=host, port=http), watch.watch, watch.stop, option="--http")
