"""Emitted C computes what the interpreter and the host's kernels compute, bit for bit, layer by layer."""

import dataclasses
import json
import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from commands import peephole
from emitted import KERNELS, compile_and_run, project_of, run, self_test
from graphs import random_graph
from peephole import _core
from peephole.compiler.emit import TARGETS, build_project, write_folder
from peephole.compiler.emit.project import checksum
from peephole.compiler.emit.self_test import self_test_input as input_of
from peephole.compiler.emit.sources import needed_files
from peephole.compiler.executor import execute
from peephole.compiler.planner import place
from peephole.compiler.schedule import lower
from peephole.fixedpoint import interpreter
from peephole.fixedpoint.layers import MaxPool, Tensor
from peephole.fixedpoint.program import IntegerProgram
from peephole.weights import landmark_program

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")


def test_the_checksums_of_a_self_test_are_of_what_the_interpreter_computes() -> None:
    program = random_graph(5, blocks=3)
    image = input_of(program)
    wanted = interpreter.run(program, image)
    text = project_of(program).files["self_test.c"].decode()
    schedule = lower(program)
    for name, written in execute(program, schedule, place(schedule.buffers), image).layers.items():
        assert f"0x{checksum(wanted[name][written.made]):08x}u" in text


def test_checksums_tell_order_and_values_apart() -> None:
    values = np.array([[1, -2, 3]], np.int16)
    sums = {checksum(v) for v in (values, values[:, ::-1], -values, values[:, :2], values.astype(np.int16) + 1)}
    assert len(sums) == 5
    assert checksum(np.array([1, -1], np.int8)) == ((1 + 1) * 2654435761 + 0xFFFF + 1) % 2**32


def test_checksums_tell_every_value_from_every_other_and_nothing_from_zeros() -> None:
    sums = {checksum(np.array([3, value, 5], np.int16)) for value in range(-(2**15), 2**15)}
    assert len(sums) == 2**16
    assert len({checksum(np.zeros(count, np.int8)) for count in range(100)}) == 100


def test_a_changed_weight_is_found_and_its_layer_named(kernels: Path, tmp_path: Path) -> None:
    program = random_graph(4, blocks=2)
    project = project_of(program)
    name = f"{project.id}_weights.bin"
    first = next(layer.name for layer in program.layers if layer.kind.endswith("conv2d"))
    weights = bytearray(project.files[name])
    weights[1] ^= 0x20  # of the first layer's first bias
    write_folder(tmp_path / "made", dict(project.files) | {name: bytes(weights)})
    done = compile_and_run(project.id, tmp_path / "made", kernels)
    assert done.returncode == 1
    assert f"layer {first} is the first that differs" in done.stdout


def test_two_commands_from_a_program_to_running_c(tmp_path: Path) -> None:
    done = peephole("compile", landmark_program(), "-o", tmp_path / "made", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["arena_bytes"] > 0 and told["files"] == sorted(told["files"])
    done = run("make", "-C", tmp_path / "made", "test", "CFLAGS=-O1")
    assert done.returncode == 0, done.stderr
    assert "landmarks: 10 values as expected" in done.stdout


@pytest.mark.parametrize("target", [target for target in TARGETS if target != "gap8"])
def test_every_target_without_a_scratchpad_has_the_same_c(target: str) -> None:
    program = random_graph(3, blocks=2)
    made, host = project_of(program, target).files, project_of(program).files
    assert {path for path in made if made[path] != host[path]} <= {"Makefile", "peephole.json"}


def test_too_little_memory_is_one_sentence(tmp_path: Path) -> None:
    done = peephole("compile", "-o", tmp_path / "made", "--l2", "10K")
    assert done.returncode == 1
    assert "level L2" in done.stderr and "too few" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "made").exists()


def test_the_files_of_every_kernel_hold_all_that_they_call(kernels: Path) -> None:
    """A kernel of 8 bits that writes 16 calls what stands in the file of the one that writes 8."""
    defined: dict[str, set[str]] = defaultdict(set)
    called: dict[str, set[str]] = defaultdict(set)
    for line in run("nm", "-A", kernels).stdout.splitlines():
        where, kind, name = line.replace(":", " ").split()[1], *line.split()[-2:]
        (called if kind == "U" else defined)[where.removesuffix(".o")].add(name)
    assert defined["average_pool_s8_s16"] == {"ph_average_pool_s8_s16"}
    for kernel in sorted(KERNELS):
        files = [Path(path).stem for path in needed_files([kernel], []) if path.endswith(".c")]
        missing = set().union(*(called[file] for file in files)) - set().union(*(defined[file] for file in files))
        assert {name for name in missing if name.startswith("ph_")} == set(), kernel


def test_names_of_any_kind_become_c(kernels: Path, tmp_path: Path) -> None:
    """Keywords, names of the C library and of the templates, comments' ends, numbers, and names that become alike."""
    program = random_graph(8, blocks=4)
    odd = ["int", "memcpy", "weights", "1x1", "a.b", "a_b", "*/", "é", "run", "end", "step_0", "enter", "a-b", "x\ny"]
    layers = [layer.name for layer in program.layers]
    renamed = dict(zip(layers, [*odd, *layers], strict=False))
    tensors = {tensor.name: f"{renamed.get(tensor.name, tensor.name)}" for tensor in program.tensors}
    changed = [
        dataclasses.replace(
            layer,
            name=renamed[layer.name],
            output=tensors[layer.output],
            input=tensors.get(layer.input, layer.input),
            **({"other": tensors.get(layer.other, layer.other)} if layer.kind == "add" else {}),
        )
        for layer in program.layers
    ]
    strange = dataclasses.replace(
        program,
        name="9 */ int\n",
        tensors=tuple(dataclasses.replace(tensor, name=tensors[tensor.name]) for tensor in program.tensors),
        layers=tuple(changed),
        output=tensors[program.output],
    )
    done = self_test(strange, tmp_path / "made", kernels)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_layer_without_c_is_named() -> None:
    from peephole.compiler.emit.layers import kernel_of

    program = random_graph(1)
    layer = dataclasses.replace(program.layers[0])
    object.__setattr__(layer, "kind", "warp")
    with pytest.raises(ValueError, match=f"layer {layer.name}: no C is known for warp"):
        kernel_of(layer, program.input, program.input)


def test_the_capacity_counts_activations_alone() -> None:
    program = random_graph(1)
    image = input_of(program)
    needed = project_of(program).arena_bytes
    assert build_project(program, "host", image, _core, needed).arena_bytes == needed
    with pytest.raises(ValueError, match="too few"):
        build_project(program, "host", image, _core, needed - 4)


def test_a_network_without_weights(tmp_path: Path) -> None:
    start, out = Tensor("x", 9, 7, 3, 4, 8), Tensor("y", 4, 3, 3, 4, 8)
    pool = MaxPool("pool", "x", "y", 0, 2, 2)
    program = IntegerProgram("pools", start, 0, (out,), (pool,), "y", task="network", input_kind="tensor")
    project = project_of(program)
    assert project.weights_bytes == 0 and not [path for path in project.files if "weights" in path]
    write_folder(tmp_path / "made", project.files)
    done = run("make", "-C", tmp_path / "made", "test", "CFLAGS=-O1")
    assert done.returncode == 0, done.stderr
    assert "pools: 36 values as expected" in done.stdout
