"""`peephole settings`: what a household has set, whether it can be read, and all that can be set."""

from typing import Any

import typer

from peephole.cli.options import ConfigOption, JsonOption
from peephole.cli.output import plain, print_json, print_table

group = typer.Typer(help="The settings of a household: a TOML file and the environment.", no_args_is_help=True)


@group.command()
def show(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print every setting as it is in force, with where it comes from."""
    from peephole.settings.reading import flat, read_settings

    read = read_settings(config)
    values = dict(flat(_hidden(read.settings.model_dump(mode="json"))))
    if json:
        print_json({"file": read.file and str(read.file), "settings": values, "origins": dict(read.origins)})
        return
    rows = [(key, str(value), read.origins.get(key, "default")) for key, value in values.items()]
    print_table(("setting", "value", "from"), rows)


@group.command()
def check(config: ConfigOption = None) -> None:
    """Read the settings and say whether they can be used."""
    from peephole.settings.reading import read_settings

    read = read_settings(config)
    print(plain(f"{read.file}: can be used") if read.file else "no settings file: everything is as by default")


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


def _hidden(value: Any) -> Any:
    """Return values for the eyes: without the secrets that stand in the file itself."""
    if isinstance(value, dict):
        return {key: _hidden(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    return "text:(hidden)" if isinstance(value, str) and value.startswith("text:") else value
