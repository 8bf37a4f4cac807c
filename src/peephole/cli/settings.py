"""`peephole settings`: what a household has set, whether it can be read, and all that can be set."""

from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from peephole.cli.options import ConfigOption, ConfiguredDataOption, JsonOption
from peephole.cli.output import plain, print_json, print_table

if TYPE_CHECKING:
    from peephole.settings.household import Settings

group = typer.Typer(
    help="The settings of a household: a TOML file, the page, and the environment.", no_args_is_help=True
)


@group.command()
def show(data: ConfiguredDataOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print every setting as it is in force, with where it comes from; what was set on the page counts, too."""
    from peephole.cli.gallery import in_force
    from peephole.settings.reading import shown_values

    read, _ = in_force(config, data)
    values = shown_values(read.settings)
    if json:
        print_json({"file": read.file and str(read.file), "settings": values, "origins": dict(read.origins)})
        return
    rows = [(key, str(value), read.origins.get(key, "default")) for key, value in values.items()]
    print_table(("setting", "value", "from"), rows)


@group.command()
def forget(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="As `settings show` has them.")] = None,
    data: ConfiguredDataOption = None,
    config: ConfigOption = None,
) -> None:
    """Take back what was set on the page, all of it or some; a running doorbell follows after a restart."""
    from peephole.cli.gallery import opened_store
    from peephole.settings.reading import read_settings
    from peephole.settings.targets import erase_address
    from peephole.store.settings import values_in

    settings = read_settings(config).settings  # of the file alone: what was set on the page may be impossible by now
    folder = data if data is not None else settings.data
    set_here = values_in(folder)
    for key in keys or ():
        if key not in set_here:
            raise ValueError(f"{key}: was not set on the page")
    if not set_here:
        print("nothing was set on the page")
        return
    with opened_store(folder, settings.storage) as store:
        store.settings.change("a command", {}, keys or tuple(set_here))
    for key in keys or set_here:
        if key.startswith("notify.targets.") and key.endswith(".url"):
            erase_address(folder, set_here[key])
    print(plain(f"as the file says again: {', '.join(keys or set_here)}"))


@group.command()
def check(config: ConfigOption = None, data: ConfiguredDataOption = None) -> None:
    """Read the settings and their secrets, with what was set on the page, and say whether they can be used."""
    from peephole.cli.gallery import in_force

    read, _ = in_force(config, data)
    _check_secrets(read.settings)
    print(plain(f"{read.file}: can be used") if read.file else "no settings file: everything is as by default")


def _check_secrets(settings: "Settings") -> None:
    """Read what the secrets name, all but systemd's, which are there for the doorbell's service only.

    Raises:
        OSError: a file cannot be read.
        ValueError: it does not hold what belongs there.
        ImportError: what a target or the broker needs is not installed.
    """
    from peephole.cli.gallery import storage_keys
    from peephole.extras import missing
    from peephole.notify.senders import sender_of
    from peephole.secret import read_secret

    def of_systemd(*secrets: str | None) -> bool:
        return any(secret is not None and secret.startswith("credential:") for secret in secrets)

    storage, door, mqtt = settings.storage, settings.door, settings.mqtt
    if (storage.key or storage.passphrase) and not of_systemd(storage.key, storage.passphrase):
        storage_keys(storage).source(make=False)
    for what, secret in (
        ("door.webhook", door.webhook),
        ("mqtt.password", mqtt.password),
        ("mqtt.lock_code", mqtt.lock_code),
    ):
        if secret is not None and not of_systemd(secret):
            read_secret(secret, what)
    if mqtt.host is not None and find_spec("aiomqtt") is None:
        raise ImportError(missing("[mqtt] in the settings", "aiomqtt", "mqtt"))
    for target in settings.notify.targets:
        if not of_systemd(target.url, target.key):
            sender_of(target)


@group.command("reference")
def print_reference() -> None:
    """Print all settings with their meanings, as Markdown."""
    from peephole.settings.reference import reference

    print(reference())


@group.command()
def schema() -> None:
    """Print the JSON schema of the settings file, for editors."""
    from peephole.settings.household import Settings

    print_json(Settings.model_json_schema())
