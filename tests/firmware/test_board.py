"""The port's own promises: what lies outside of memory traps, and so do a full stack and floating point."""

import dataclasses
import subprocess
from pathlib import Path

import pytest

from boards import erased_flash, link, qemu, symbol_sizes
from peephole.compiler.device import HIT_BYTES, Device
from peephole.firmware.layout import PATCH_SIDE, SEEN_BYTES, TILT_FACES, Room, doorbell_bytes, gallery_bytes

MAIN = """
#include "board.h"
#include <string.h>
{before}
int main(void) {{
    board_print("ready\\n");
    {body}
    board_print("done\\n");
    return 0;
}}
"""
NOTHING = '__asm__ volatile("" ::: "memory");'


def _run(folder: Path, body: str, before: str = "", kept: Path | None = None) -> tuple[str, int]:
    """Run a small program with the port, and return what it printed and its exit code; kept: the second flash bank."""
    (folder / "main.c").write_text(MAIN.format(before=before, body=body))
    command = qemu(link(folder, folder / "main.c"), kept)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30, stdin=subprocess.DEVNULL)
    return done.stdout, done.returncode


@pytest.fixture(autouse=True)
def _needs(tools: None) -> None:
    """All of them need the compiler and the emulator."""


def test_a_program_that_does_nothing_wrong_ends_with_0(tmp_path: Path) -> None:
    assert _run(tmp_path, NOTHING) == ("ready\ndone\n", 0)


def test_the_last_word_of_512_kib_can_be_written_and_the_next_one_traps(tmp_path: Path) -> None:
    assert _run(tmp_path, "*(volatile uint32_t *)0x8007fffcu = 1;")[1] == 0
    printed, code = _run(tmp_path, "*(volatile uint32_t *)0x80080000u = 1;")
    assert code == 3
    assert "trap: cause 7 (store), pc 0x2" in printed and "address 0x80080000" in printed


def test_a_read_past_memory_traps(tmp_path: Path) -> None:
    printed, code = _run(tmp_path, "(void)*(volatile uint32_t *)0x80080000u;")
    assert code == 3 and "cause 5 (load)" in printed and "address 0x80080000" in printed


def test_a_stack_that_grows_too_deep_traps_before_it_spoils_anything(tmp_path: Path) -> None:
    deep = "__attribute__((noinline)) static int deep(volatile int *n) { volatile int here[64]; here[0] = *n + 1;"
    deep += " return *n > 1000 ? 0 : deep(here) + here[0]; }"
    printed, code = _run(tmp_path, "int n = 0; deep(&n);", deep)
    assert code == 3 and "trap: cause 7 (store)" in printed and "the stack is full" in printed


def test_the_stacks_depth_is_measured(tmp_path: Path) -> None:
    body = "volatile char big[2000]; big[0] = 1; big[1999] = 1; board_print_number(board_stack_used());"
    printed, _ = _run(tmp_path, body)
    assert 2000 < int(printed.split("\n")[1].removesuffix("done")) < 2300


@pytest.mark.parametrize("instruction", ["0x00b50553", "0x0000a52f"], ids=["fadd.s", "amoadd.w"])
def test_floating_point_and_atomics_trap(instruction: str, tmp_path: Path) -> None:
    printed, code = _run(tmp_path, f'__asm__ volatile(".word {instruction}");')
    assert code == 3 and "cause 2 (illegal instruction)" in printed


def test_instructions_are_counted_exactly(tmp_path: Path) -> None:
    loop = '__asm__ volatile("li t0, 1000\\n1: addi t0, t0, -1\\n bnez t0, 1b" ::: "t0");'
    body = f"uint64_t a = board_instructions(); {loop} uint64_t b = board_instructions(); a = b - a;"
    printed, _ = _run(tmp_path, body + "board_print_number((int64_t)a);")
    assert 2001 <= int(printed.split("\n")[1].removesuffix("done")) <= 2012


def test_memory_is_copied_moved_set_and_compared_as_c_wants_it(tmp_path: Path) -> None:
    """At all distances from a word, forwards and backwards, against loops of bytes."""
    before = """
static uint8_t a[64], b[64];
static int bad(void) {
    for (int i = 0; i < 64; i++) if (a[i] != b[i]) return 1;
    return 0;
}"""
    body = """
    int wrong = 0;
    for (int to = 0; to < 9; to++) for (int from = 0; from < 9; from++) for (int n = 0; n < 40; n++) {
        for (int i = 0; i < 64; i++) a[i] = b[i] = (uint8_t)(i * 7 + n);
        memmove(a + to, a + from, (size_t)n);
        uint8_t kept[64];
        for (int i = 0; i < n; i++) kept[i] = b[from + i];
        for (int i = 0; i < n; i++) b[to + i] = kept[i];
        wrong += bad();
        memset(a + to, n * 37, (size_t)n);
        for (int i = 0; i < n; i++) b[to + i] = (uint8_t)(n * 37);
        wrong += bad();
        wrong += memcmp(a, b, 64) != 0;
        b[to + n]++;
        wrong += memcmp(a, b, (size_t)(to + n + 1)) >= 0 && a[to + n] != 255;
    }
    board_print_number(wrong);"""
    assert _run(tmp_path, body, before) == ("ready\n0done\n", 0)


FLASH = """
#include "flash.h"
static void tell(uint32_t offset) {
    uint32_t word;
    const ph_flash flash = flash_areas();
    const ph_status status = flash.read(flash.context, offset, &word, 4);
    board_print_number(status);
    board_print(" ");
    board_print_hex(word, 8);
    board_print("\\n");
}
"""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A bank that was never used, with something in it where weights lie."""
    return erased_flash(tmp_path / "kept.bin", b"weights.")


def test_what_is_programmed_into_flash_is_there_after_a_restart(tmp_path: Path, kept: Path) -> None:
    write = "const ph_flash flash = flash_areas(); const uint32_t words[2] = {0x12345678, 0x9abcdef0};"
    write += "board_print_number(flash.program(flash.context, 8, words, 8));"
    assert _run(tmp_path, write, FLASH, kept) == ("ready\n0done\n", 0)
    printed, _ = _run(tmp_path, "tell(4); tell(8); tell(12); tell(16);", FLASH, kept)
    assert printed == "ready\n0 ffffffff\n0 12345678\n0 9abcdef0\n0 ffffffff\ndone\n"
    assert kept.read_bytes()[:8] == b"weights."


@pytest.mark.parametrize("area", [0, 1])
def test_erasing_one_area_leaves_the_other(area: int, tmp_path: Path, kept: Path) -> None:
    write = "const ph_flash flash = flash_areas(); const uint32_t word = 0x11223344;"
    for offset in ("0", "FLASH_AREA_BYTES - 4", "FLASH_AREA_BYTES", "2 * FLASH_AREA_BYTES - 4"):
        write += f"flash.program(flash.context, {offset}, &word, 4);"
    erase = write + 'board_print_number(flash.erase(flash.context, %d)); board_print("\\n");'
    told = "tell(0); tell(FLASH_AREA_BYTES - 4); tell(FLASH_AREA_BYTES); tell(2 * FLASH_AREA_BYTES - 4);"
    printed, _ = _run(tmp_path, erase % area + told, FLASH, kept)
    there, gone = "0 11223344\n" * 2, "0 ffffffff\n" * 2
    assert printed == "ready\n0\n" + (there + gone if area else gone + there) + "done\n"


def test_flash_outside_of_the_areas_is_refused(tmp_path: Path, kept: Path) -> None:
    before = kept.read_bytes()
    body = """
    const ph_flash flash = flash_areas();
    uint32_t word = 0;
    board_print_number(flash.program(flash.context, 2 * FLASH_AREA_BYTES, &word, 4));
    board_print_number(flash.program(flash.context, 0u - 4u, &word, 4));
    board_print_number(flash.program(flash.context, 2, &word, 4));
    board_print_number(flash.read(flash.context, 2 * FLASH_AREA_BYTES - 3, &word, 4));
    board_print_number(flash.erase(flash.context, 2));"""
    assert _run(tmp_path, body, FLASH, kept) == ("ready\n22222done\n", 0)
    assert kept.read_bytes() == before


SIZES = """
#include "app/doorbell.h"
int doorbell[PH_DOORBELL_RAM_BYTES({walks}, {faces}, {looks}, {values}, {owners}, {thumbnail})];
int gallery[PH_GALLERY_RAM_BYTES({values}, {users}, {references}, {strangers}, {stranger_looks})];
int tilt[sizeof(ph_tilt_scratch)];
"""


def test_the_plan_of_ram_counts_as_the_compiler_does(tmp_path: Path) -> None:
    """Structures of csrc/app, as they are laid out for this machine."""
    room, device, values = Room(), Device(), 128
    owners = max(device.users, device.strangers)
    counts = {"users": device.users, "references": device.references, "strangers": device.strangers}
    counts |= {"owners": owners, "values": values, "stranger_looks": device.looks}
    (tmp_path / "sizes.c").write_text(SIZES.format(**dataclasses.asdict(room), **counts))
    sizes = {name: count // 4 for name, count in symbol_sizes(tmp_path / "sizes.c").items()}
    assert sizes["doorbell"] == doorbell_bytes(room, owners, values)
    assert sizes["gallery"] == gallery_bytes(device, values)
    assert sizes["tilt"] == PATCH_SIDE**2 + TILT_FACES * (HIT_BYTES + SEEN_BYTES)
