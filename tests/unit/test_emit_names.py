"""Identifiers of emitted C: they read like the model's names, and none means two things."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from emitted import compiled_kernels, self_test
from graphs import random_graph
from peephole.compiler.emit.names import c_string, comment, identifier, identifiers
from peephole.fixedpoint.program import IntegerProgram


def test_identifiers_read_like_the_names() -> None:
    assert identifier("fire2.expand1x1") == "fire2_expand1x1"
    assert identifier("7up") == "x7up"
    assert identifier("*/") == "x"
    assert identifier("int16") == "int16"
    assert identifier("interval") == "interval"


@pytest.mark.parametrize(
    "name", ["int", "main", "weights", "memcpy", "int32_t", "size_t", "INT16_MIN", "ph_strip", "PH_OK", "TRY", "TRACE"]
)
def test_what_c_or_the_kernels_have_already_gets_another_end(name: str) -> None:
    assert identifier(name) == f"{name}_"


def test_names_that_become_alike_are_numbered() -> None:
    used = {"run_c"}
    made = identifiers(["a.b", "a_b", "a-b", "c"], lambda name: (f"{name}_at", f"run_{name}"), used)
    assert made == {"a.b": "a_b", "a_b": "a_b_2", "a-b": "a_b_3", "c": "c_2"}
    assert {"a_b_3_at", "run_c_2"} <= used


def test_comments_and_strings_end_where_they_should() -> None:
    assert comment("a */ b /* c\\\n??/") == "a *_ b /_ c__?_/"
    assert c_string('é"\\??/') == "___?_/"


def renamed(program: IntegerProgram, *names: str) -> IntegerProgram:
    """The same program with these names for as many of its tensors and of its layers as there are."""
    tensors = [tensor.name for tensor in program.tensors]
    other = dict(zip(tensors, [*names, *tensors[len(names) :]], strict=False))
    layers = [layer.name for layer in program.layers]
    return dataclasses.replace(
        program,
        tensors=tuple(dataclasses.replace(tensor, name=other[tensor.name]) for tensor in program.tensors),
        layers=tuple(
            dataclasses.replace(
                layer,
                name=name,
                input=other.get(layer.input, layer.input),
                output=other[layer.output],
                **({"other": other.get(layer.other, layer.other)} if layer.kind == "add" else {}),
            )
            for layer, name in zip(program.layers, [*names, *layers[len(names) :]], strict=False)
        ),
        output=other[program.output],
    )


NAMES = {
    "net": ["conv", "Conv", "CONV", "conv_bias", "CONV_BIAS"],  # whose constants would be the same
    "self_test": ["int32_t", "ph_strip", "ph_status", "status", "size_t", "PH_OK"],
    "peephole_strip": ["TRY", "INT32_MAX", "a??(b", "c??/", "PEEPHOLE_STRIP_VALUES", "x" * 300],
    "n" * 260: [],  # longer than a file's name may be
}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
def test_names_that_mean_something_else_in_c(tmp_path: Path) -> None:
    kernels = compiled_kernels(tmp_path)
    for name, odd in NAMES.items():
        program = dataclasses.replace(renamed(random_graph(8, blocks=4), *odd), name=name)
        done = self_test(program, tmp_path / f"made_{name[:20]}", kernels)
        assert (done.returncode, done.stderr) == (0, "")
