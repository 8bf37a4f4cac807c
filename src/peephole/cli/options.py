"""Options that several commands share, with their defaults in one place."""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from peephole.cli.output import plain

SIZE = re.compile(r"(\d{1,12}) ?([KM]?)(?:i?B)?", re.IGNORECASE)
UNITS = {"": 1, "K": 1024, "M": 1024 * 1024}


def byte_count(text: str, option: str) -> int:
    """Read a number of bytes: 65536, 64K, 1M. Raises a usage error naming the option for anything else."""
    found = SIZE.fullmatch(text.strip())
    count = int(found[1]) * UNITS[found[2].upper()] if found else 0
    if count < 1:
        raise typer.BadParameter(f"{option} {plain(text)}: no size; give bytes, as 524288, 512K or 1M")
    return count


def data_folder() -> Path:
    """Return the folder of people, strangers and visits where none is named.

    $PEEPHOLE_DATA, else what the settings file says, else `peephole` under $XDG_DATA_HOME or ~/.local/share.
    """
    if chosen := os.environ.get("PEEPHOLE_DATA"):
        return Path(chosen)
    from peephole.settings.files import default_data_folder, settings_file

    if settings_file() is None:
        return default_data_folder()
    from peephole.settings.reading import read_settings

    return read_settings().settings.data


def _named_folder(text: str) -> Path:
    """Take a folder's name; nothing, as of a variable that is not set, is not the current folder."""
    if not text:
        raise typer.BadParameter("has no name; name a folder, . for the current one")
    return Path(text)


class Crop(StrEnum):
    """How a face is cut out of a picture."""

    DETECT = "detect"
    ALIGNED = "aligned"
    CENTER = "center"


class Arithmetic(StrEnum):
    """What computes the descriptors."""

    INT16 = "int16"
    INT8 = "int8"
    FLOAT = "float"


class Metric(StrEnum):
    """How far apart two descriptors are."""

    L2 = "l2"
    L2NORM = "l2norm"
    COSINE = "cosine"
    L1 = "l1"


ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there already.")]
DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        default_factory=data_folder,
        show_default="$PEEPHOLE_DATA, else as in the settings, else ~/.local/share/peephole",
        help="Folder of people, strangers and visits.",
    ),
]
ConfiguredDataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        show_default="$PEEPHOLE_DATA, else as in the settings, else ~/.local/share/peephole",
        help="Folder of people, strangers and visits.",
    ),
]
"""Beside a ConfigOption, which may name the settings that say where the folder is (`gallery.in_force`)."""
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE.toml",
        show_default="$PEEPHOLE_CONFIG, else ~/.config/peephole/peephole.toml",
        help="The settings file.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
ModelOption = Annotated[
    Path | None,
    typer.Option("--model", metavar="FILE", show_default="the shipped recogniser", help="Integer program to use."),
]
ImagesOption = Annotated[
    Path, typer.Option("--images", metavar="TAR_OR_DIR", help="A tar file or a folder of pictures.")
]
NoStreamingOption = Annotated[
    bool, typer.Option("--no-streaming", help="Leave a pass out: every layer by itself, no turns of a few rows.")
]
NoInPlaceOption = Annotated[
    bool, typer.Option("--no-in-place", help="Leave a pass out: no output lies over an input that dies.")
]
NoConcatenationOption = Annotated[
    bool, typer.Option("--no-concatenation", help="Leave a pass out: parts of a concatenation are copied into it.")
]
CropOption = Annotated[
    Crop | None, typer.Option("--crop", show_default="as the program says", help="How faces are cut out.")
]
LandmarksOption = Annotated[
    Path | None,
    typer.Option(
        "--landmarks",
        metavar="FILE.npz",
        show_default="found by the shipped landmark program",
        help="For --crop aligned: arrays `names` and `landmarks` [N,5,2], x and y in picture pixels.",
    ),
]
RecogniserOption = Annotated[
    Path | None,
    typer.Option("--recogniser", metavar="M", show_default="the shipped recogniser", help="Describes faces."),
]
LandmarkProgramOption = Annotated[
    Path | None,
    typer.Option("--landmarks", metavar="M", show_default="the shipped landmark program", help="Finds five points."),
]
OutputFolderOption = Annotated[
    Path, typer.Option("-o", "--output", parser=_named_folder, metavar="DIR", help="The folder to write.")
]
