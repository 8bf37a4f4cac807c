"""The instructions of csrc/arch/xpulp_insn.h are the words that GAP8's cores know, and the names the vendor's."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from peephole.compiler.emit.sources import source_folder

RISCV = "riscv64-unknown-elf-"
needs_riscv = pytest.mark.skipif(shutil.which(RISCV + "gcc") is None, reason=f"needs {RISCV}gcc")

# With rd = a0, rs1 = a1, rs2 = a2: the macro's call, the word, the vendor's spelling.
FORMS = [
    ('PH_P_LW("a0", "4", "a1")', 0x0045A50B, "p.lw a0,4(a1!)"),
    ('PH_P_LH("a0", "2", "a1")', 0x0025950B, "p.lh a0,2(a1!)"),
    ('PH_P_LB("a0", "1", "a1")', 0x0015850B, "p.lb a0,1(a1!)"),
    ('PH_P_SW("a0", "4", "a1")', 0x00A5A22B, "p.sw a0,4(a1!)"),
    ('PH_PV_SDOTSP_H("a0", "a1", "a2")', 0xB8C58557, "pv.sdotsp.h a0,a1,a2"),
    ('PH_PV_SDOTSP_B("a0", "a1", "a2")', 0xB8C59557, "pv.sdotsp.b a0,a1,a2"),
    ('PH_PV_MAX_H("a0", "a1", "a2")', 0x30C58557, "pv.max.h a0,a1,a2"),
    ('PH_PV_MAX_SC_H("a0", "a1", "x0")', 0x3005C557, "pv.max.sc.h a0,a1,x0"),
    ('PH_P_MAC("a0", "a1", "a2")', 0x42C58533, "p.mac a0,a1,a2"),
    ('PH_P_MIN("a0", "a1", "a2")', 0x04C5C533, "p.min a0,a1,a2"),
    ('PH_P_MAX("a0", "a1", "a2")', 0x04C5E533, "p.max a0,a1,a2"),
    ('PH_P_CLIP_16("a0", "a1")', 0x15059533, "p.clip a0,a1,16"),
    ('PH_P_ADDRN_1("a0", "a1", "a2")', 0x02C5E55B, "p.addRN a0,a1,a2,1"),
    ('PH_LP_BEGIN("a0", "8")', 0x0085407B, "lp.setup x0,a0,8f"),
]
HEADER = source_folder() / "arch" / "xpulp_insn.h"


@needs_riscv
def test_every_form_is_assembled_to_its_word(tmp_path: Path) -> None:
    lines = [f"__asm__({call});" for call, _, _ in FORMS]
    (tmp_path / "forms.c").write_text("\n".join([f'#include "{HEADER}"', *lines]))
    flags = ("-march=rv32im", "-mabi=ilp32", "-c", "forms.c", "-o", "forms.o")
    subprocess.run([RISCV + "gcc", *flags], cwd=tmp_path, check=True, timeout=60)
    dump = (RISCV + "objdump", "-d", "-M", "no-aliases", "forms.o")
    told = subprocess.run(dump, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60).stdout
    words = [int(word, 16) for word in re.findall(r"^ +[0-9a-f]+:\t([0-9a-f]{8}) ", told, re.MULTILINE)]
    assert [f"{word:08x}" for word in words] == [f"{word:08x}" for _, word, _ in FORMS]


def test_the_names_are_the_vendors(tmp_path: Path) -> None:
    lines = [f"{call} ;" for call, _, _ in FORMS]
    (tmp_path / "forms.c").write_text("\n".join([f'#include "{HEADER}"', *lines]))
    command = ("gcc", "-E", "-P", "-DPH_XPULP_NAMES", "forms.c")
    told = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60).stdout
    spelt = ["".join(re.findall(r'"((?:[^"\\]|\\.)*)"', line)) for line in told.split(";") if '"' in line]
    assert spelt == [f"{name}\\n" for _, _, name in FORMS]


def test_no_form_is_left_out() -> None:
    defined = set(re.findall(r"#define (PH_\w+)\(", HEADER.read_text()))
    assert defined == {call.partition("(")[0] for call, _, _ in FORMS}
