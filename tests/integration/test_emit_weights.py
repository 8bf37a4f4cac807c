"""The weights of emitted C: where they lie, and on which machines they can be read in place."""

import re
import shutil
from pathlib import Path

import pytest

from emitted import project_of, run
from graphs import random_graph
from peephole.compiler.emit import write_folder
from peephole.fixedpoint.layers import Convolution


def test_every_part_begins_at_a_whole_word_and_holds_what_the_layer_has() -> None:
    program = random_graph(5, blocks=4)
    project = project_of(program)
    stored = project.files[f"{project.id}_weights.bin"]
    header = project.files[f"{project.id}_weights.h"].decode()
    offsets = {name: int(offset) for name, offset in re.findall(r"^    (\w+) = (\d+),", header, re.MULTILINE)}
    layers = [layer for layer in program.layers if isinstance(layer, Convolution)]
    assert len(offsets) == 3 * len(layers) > 0
    for layer in layers:
        for part, values in (("BIAS", layer.bias), ("WEIGHT", layer.weight), ("NORM", layer.norm)):
            offset = offsets[f"{layer.name.upper()}_{part}"]
            assert offset % 4 == 0
            assert stored[offset : offset + values.nbytes] == values.astype(values.dtype.newbyteorder("<")).tobytes()


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_a_machine_of_the_other_byte_order_is_refused(tmp_path: Path) -> None:
    project = project_of(random_graph(5, blocks=1))
    write_folder(tmp_path / "made", project.files)
    flags = ("-std=c99", "-w", "-U__BYTE_ORDER__", "-D__BYTE_ORDER__=4321", "-I.", "-Icsrc", "-Icsrc/include")
    done = run("gcc", *flags, "-fsyntax-only", f"{project.id}.c", cwd=tmp_path / "made")
    assert done.returncode == 1 and "is little-endian and is read in place" in done.stderr
