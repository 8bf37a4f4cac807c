"""`peephole firmware`: the doorbell as an image for a small device, and that image in an emulator."""

import contextlib
import json as json_
import shlex
import sys
import tempfile
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from peephole.cli.options import JsonOption, LandmarkProgramOption, OutputFolderOption, RecogniserOption
from peephole.cli.output import counted, plain, print_json, print_table
from peephole.cli.power import power
from peephole.cli.programs import load_program
from peephole.cli.serving import told_to_end

if TYPE_CHECKING:
    from peephole.firmware.build import Sources
    from peephole.firmware.image import Image

group = typer.Typer(help="The doorbell as an image for a small device, and that image in an emulator.")
group.command("power")(power)


class Board(StrEnum):
    """What an image is for."""

    RV32_VIRT = "rv32-virt"
    GAP8 = "gap8"


TargetOption = Annotated[
    Board,
    typer.Option(help="rv32-virt is QEMU's machine virt with 512 KiB of RAM; gap8 GreenWaves' chip, by the GAP SDK."),
]


@group.command("build")
def build(
    output: OutputFolderOption,
    target: TargetOption = Board.RV32_VIRT,
    recogniser: RecogniserOption = None,
    landmarks: LandmarkProgramOption = None,
    sdk: Annotated[
        Path | None,
        typer.Option("--sdk", metavar="PATH", help="The GAP SDK's folder: build by it too (gap8 only)."),
    ] = None,
    measured: Annotated[
        bool,
        typer.Option("--measure", help="Run it in the emulator too: how deep the stack is, what a frame takes."),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Write an image's sources into a folder, compile them there, and tell what it takes of the device.

    For gap8 the GAP SDK compiles and links it; without one everything is compiled against a stub of it, as a check.
    """
    from peephole.compiler.emit.folder import check_folder

    if target is Board.GAP8:
        if measured:
            raise typer.BadParameter("is for --target rv32-virt alone", param_hint="--measure")
        check_folder(output)
        _build_gap8(output, recogniser, landmarks, sdk, json)
        return
    if sdk is not None:
        raise typer.BadParameter("is for --target gap8 alone", param_hint="--sdk")
    from peephole.firmware.build import build_image
    from peephole.firmware.measure import measure
    from peephole.firmware.report import report_on
    from peephole.firmware.toolchain import COMPILER, EMULATOR, MAKE, need

    need(COMPILER, MAKE, *((EMULATOR,) if measured else ()))
    check_folder(output)
    sources = _sources(target, recogniser, landmarks)
    image = build_image(sources, output)
    report_on(image, sources.layout)  # refuses an image that is too large, before it is run
    report = report_on(image, sources.layout, measure(image) if measured else None)
    if json:
        print_json({"target": target.value, "folder": str(output), "elf": str(image.elf)} | report.as_json())
        return
    print(f"{plain(str(image.elf))}, bytes:")
    print()
    print_table(("", "bytes"), report.rows())
    if report.measured is not None:
        print()
        print_table(("", "instructions"), report.measured.rows())


def _build_gap8(output: Path, recogniser: Path | None, landmarks: Path | None, sdk: Path | None, json: bool) -> None:
    from peephole.firmware.gap8 import build_by_sdk, check_gap8, gap8_sources, write_gap8
    from peephole.weights import landmark_program

    sources = gap8_sources(load_program(recogniser), load_program(landmarks or landmark_program()))
    write_gap8(sources, output)
    report = check_gap8(sources, output)
    if sdk is not None:
        build_by_sdk(output, sdk)
    folder = plain(str(output))
    if json:
        told = {"target": Board.GAP8.value, "folder": str(output), "face": sources.face, "sdk": sdk is not None}
        print_json(told | ({} if report is None else report.as_json()))
        return
    print(f"the doorbell for GAP8 in {folder}; its self-test looks at {plain(sources.face)}")
    if report is None:
        print("nothing was compiled: on Debian, apt install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf make")
    else:
        print()
        print_table(("compiled against the stub", "bytes"), report.rows())
    if sdk is None:
        print()
        print(f"source GAP_SDK/configs/gapuino_v2.sh && make -C {shlex.quote(folder)} all run   builds and starts it")


@group.command("run")
def run(
    camera: Annotated[
        str,
        typer.Option("--camera", metavar="DIR|FILE|demo", help="What the camera sees: pictures, a clip, or the demo."),
    ],
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", show_default="an image made for this run", help="Of firmware build."),
    ] = None,
    target: TargetOption = Board.RV32_VIRT,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            show_default="nobody; with the demo, one of its two people",
            help="The device is introduced to the people in this folder of peephole run.",
        ),
    ] = None,
    flash: Annotated[
        Path | None,
        typer.Option("--flash", metavar="FILE", help="What the device keeps, made where there is none; else nothing."),
    ] = None,
    serial: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            metavar="PORT",
            help="Offer the serial line here on 127.0.0.1, and stay after the last frame.",
        ),
    ] = None,
    press: Annotated[bool, typer.Option("--press", help="The button for pairing is pressed at the start.")] = False,
    looks: Annotated[
        bool, typer.Option("--looks", help="Decide nothing: tell what is seen in every frame, and what it takes.")
    ] = False,
    seconds: Annotated[float, typer.Option(min=1, help="The emulator is stopped after this time.")] = 3600,
    json: JsonOption = False,
) -> None:
    """Run an image in the emulator on frames of 320x240 grey pixels, and print what it tells.

    What the settings hide of a camera that has this source stays hidden.
    """
    from peephole.cli.errors import complain
    from peephole.cli.watching import sources_of
    from peephole.firmware.emulator import run_image
    from peephole.firmware.frames import WATCH, Mode, begun, camera_frames
    from peephole.firmware.toolchain import EMULATOR, need
    from peephole.settings.reading import read_settings
    from peephole.vision.sources import open_source

    if target is Board.GAP8:
        raise ValueError("GAP8 has no emulator here; make -C DIR all run starts the folder on a board, by the GAP SDK")
    need(EMULATOR)
    if data is not None and not data.is_dir():
        raise FileNotFoundError(f"{data}: no such folder; name one of peephole run with --data, or leave that out")
    seen = sources_of(read_settings().settings, camera)[""]
    source = open_source(camera, report=lambda notice: None, once=True, masks=seen.masks)
    if seen.zone is not None:
        complain("a device has no zone, so faces are looked at in the whole picture; masks hold")
    tell = _tell_look if looks else _tell_event
    mode = (Mode.LOOKS if looks else WATCH) | (Mode.PRESS if press else WATCH)
    mode |= Mode.STAY if serial is not None else WATCH
    with contextlib.ExitStack() as held:
        held.enter_context(told_to_end())
        held.enter_context(contextlib.closing(source))
        frames = begun(camera_frames(source))
        image = held.enter_context(_image(folder, target))
        known = {} if looks else _people(image, camera, data)
        for line in run_image(image, frames, flash, seconds, serial, known, mode):
            told = _parsed(line)
            if told is None:
                print(plain(line), flush=True)
            else:
                tell(told, json)


@contextlib.contextmanager
def _image(folder: Path | None, target: Board) -> "Iterator[Image]":
    from peephole.firmware.build import build_image
    from peephole.firmware.image import read_image
    from peephole.firmware.scratch import scratch_told

    if folder is not None:
        yield read_image(folder)
        return
    with contextlib.ExitStack() as held:
        with scratch_told():
            made = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="peephole-")))
            image = build_image(_sources(target, None, None), made / "image")
        yield image


def _sources(target: Board, recogniser: Path | None, landmarks: Path | None) -> "Sources":
    from peephole.firmware.build import image_sources
    from peephole.weights import landmark_program

    return image_sources(load_program(recogniser), load_program(landmarks or landmark_program()), target.value)


def _people(image: "Image", camera: str, data: Path | None) -> dict[str, bytes]:
    """The file of those whom the device is introduced to."""
    from peephole.cli.gallery import storage_keys
    from peephole.doorbell.assembly import make_recogniser
    from peephole.firmware.people import PEOPLE, people_file, people_of, people_of_demo
    from peephole.store.store import Store

    if data is not None:
        with Store(data, storage_keys()) as store:
            return {PEOPLE: people_file(people_of(store, image.model), image.values)}
    if camera != "demo":
        return {}
    program = load_program(None)
    if program.model_id != image.model:
        raise ValueError("the image holds another recogniser than the demo introduces people by; name some with --data")
    return {PEOPLE: people_file(people_of_demo(make_recogniser(program)), image.values)}


def _parsed(line: str) -> dict[str, Any] | None:
    try:
        told = json_.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None


def _tell_event(told: dict[str, Any], json: bool) -> None:
    """One line of a doorbell's console, as `peephole run --once` prints it."""
    from peephole.cli.terminal import visit_line
    from peephole.doorbell.events import Problem, VisitEnded
    from peephole.firmware.events import Door, to_event

    event = to_event(told)
    if json:
        print_json(told if event is None else event.as_json())
    elif isinstance(event, VisitEnded):
        print(plain(visit_line(event)))
    elif isinstance(event, Door):
        print(f"the door is {'open' if event.open else 'locked'}")
    elif isinstance(event, Problem):
        print(plain(event.text))
    elif event is None:
        print(_cost_line(told))
    sys.stdout.flush()


def _tell_look(told: dict[str, Any], json: bool) -> None:
    """One line of what is seen in a frame."""
    if json:
        print_json(told)
    elif "stack" in told:
        print(_cost_line(told))
    else:
        boxes = " ".join(str(tuple(face["box"])) for face in told["faces"]) or "no face"
        print(f"frame {told['frame']}: {boxes}  {_counts(told['instructions'])}")
    sys.stdout.flush()


def _cost_line(told: dict[str, Any]) -> str:
    if "stack" in told:
        return f"the stack was at most {told['stack']:,} bytes deep"
    if "people" in told:
        return f"the device knows {counted(told['people'], 'person')} and {counted(told['strangers'], 'stranger')}"
    if "damaged" in told:
        return f"of what it kept, {counted(told['damaged'], 'record')} could not be read and cannot be brought back"
    return f"{told['steps']:,} steps; {_counts(told['instructions'])}"


def _counts(instructions: dict[str, int]) -> str:
    return "instructions: " + ", ".join(f"{stage} {count:,}" for stage, count in instructions.items())
