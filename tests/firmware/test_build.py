"""What `peephole firmware` says where something is missing or does not fit, and what frames become."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from commands import assert_one_line, peephole
from peephole.compiler.device import Device
from peephole.firmware.build import STACK_BYTES, Sources
from peephole.firmware.flash import KEPT_BYTES, kept_flash
from peephole.firmware.frames import for_camera
from peephole.firmware.image import BANK_BYTES, Image, read_image, section_sizes
from peephole.firmware.layout import plan_layout
from peephole.vision.cascade_table import load_cascade
from peephole.weights import landmark_program


def test_without_the_compiler_one_sentence_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = peephole("firmware", "build", "-o", tmp_path / "image")
    assert_one_line(done, 1, "riscv64-unknown-elf-gcc", "apt install gcc-riscv64-unknown-elf")
    assert not (tmp_path / "image").exists()


def test_without_the_emulator_one_sentence_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = peephole("firmware", "run", "--camera", "demo")
    assert_one_line(done, 1, "qemu-system-riscv32", "apt install qemu-system-misc")


def test_a_folder_that_is_not_ours_is_left_alone(tools: None, tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("dear")
    assert_one_line(peephole("firmware", "build", "-o", tmp_path), 1, "letters.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_a_program_for_something_else_is_refused(tools: None, tmp_path: Path) -> None:
    done = peephole("firmware", "build", "-o", tmp_path / "image", "--recogniser", landmark_program())
    assert_one_line(done, 1, "landmarks", "recognise")


def test_there_is_no_image_to_run(tools: None, tmp_path: Path) -> None:
    done = peephole("firmware", "run", tmp_path, "--camera", "demo")
    assert_one_line(done, 1, "fw.elf", "peephole firmware build")


def test_an_image_of_another_size_is_refused(image: Image, tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    for path in (image.elf, image.code, image.weights):
        (tmp_path / "build" / path.name).write_bytes(path.read_bytes()[:4096])
    with pytest.raises(ValueError, match="4,096 bytes, but a flash bank has 33,554,432"):
        read_image(tmp_path)


def test_a_device_for_too_many_people_is_refused(sources: Sources) -> None:
    layout = sources.layout
    many = Device(users=400)
    with pytest.raises(ValueError, match=r"level L2: .* bytes are needed and there are 512,000"):
        plan_layout(layout.recogniser, layout.landmarks, layout.arenas, STACK_BYTES, many)


def test_parts_that_live_at_the_same_time_do_not_overlap(sources: Sources) -> None:
    placed = [(b, b.offset or 0) for b in sources.layout.placement.buffers]
    for number, (one, start) in enumerate(placed):
        for other, begin in placed[:number]:
            if one.meets(other) and other.name != one.alias_of:
                assert start + one.bytes <= begin or begin + other.bytes <= start, (one.name, other.name)


def test_the_table_of_the_detector_in_c_is_the_one_of_the_host(sources: Sources) -> None:
    text = sources.files["cascade_table.c"].decode()
    table = load_cascade()
    stages = ("table_stage_weak", "table_stage_threshold", "table_carried")
    for name in (*stages, "threshold", "leaf", "rectangle_count", "rectangle"):
        start = text.index(f" {name}[")
        numbers = text[text.index("{", start) + 1 : text.index("}", start)].split(",")[:-1]
        assert np.array(numbers, np.int64).tolist() == getattr(table, name.removeprefix("table_")).reshape(-1).tolist()


def test_the_manifest_names_both_networks(sources: Sources) -> None:
    told = json.loads(sources.files["peephole.json"])
    assert told["recogniser"] == sources.layout.recogniser.model_id
    assert told["landmarks"] == sources.layout.landmarks.model_id


def test_the_report_of_the_command_adds_up(tools: None, tmp_path: Path) -> None:
    done = peephole("firmware", "build", "-o", tmp_path / "image", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["ram_used_bytes"] == told["data_bytes"] + told["memory_bytes"] + told["stack_bytes"]
    assert told["with_code_in_ram_bytes"] <= told["ram_bytes"] == 524288
    sizes = section_sizes((tmp_path / "image" / "build" / "fw.elf").read_bytes(), "fw.elf")
    assert (told["code_bytes"], told["stack_bytes"]) == (sizes[".text"], sizes[".stack"])


def test_no_elf_file_is_said_to_be_none() -> None:
    with pytest.raises(ValueError, match=r"fw\.elf: not a program for a 32-bit machine"):
        section_sizes(b"\x7fELF\x01\x01 and nothing more", "fw.elf")


def test_a_wide_picture_loses_its_sides_and_a_high_one_its_ends() -> None:
    wide = np.zeros((240, 640), np.uint8)
    wide[:, 160:480] = 200
    assert (for_camera(wide) == 200).all()
    high = np.zeros((960, 320), np.uint8)
    high[360:600] = 100
    assert (for_camera(high) == 100).all()


def test_a_grey_picture_of_the_cameras_size_stays_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (240, 320)).astype(np.uint8)
    assert np.array_equal(for_camera(picture), picture)


def test_a_coloured_picture_of_any_size_becomes_a_frame() -> None:
    picture = np.full((37, 1000, 3), 90, np.uint8)
    frame = for_camera(picture)
    assert frame.shape == (240, 320) and (frame == 90).all()


def test_a_new_flash_is_erased_and_holds_the_weights(image: Image, tmp_path: Path) -> None:
    bank = kept_flash(image, tmp_path / "home.flash").read_bytes()
    assert len(bank) == BANK_BYTES
    assert bank[: image.sections[".weights"]] == image.weights.read_bytes()[: image.sections[".weights"]]
    assert bank[-KEPT_BYTES:] == b"\xff" * KEPT_BYTES


def test_another_image_leaves_what_a_device_keeps(image: Image, tmp_path: Path) -> None:
    path = kept_flash(image, tmp_path / "home.flash")
    bank = bytearray(path.read_bytes())
    bank[0] ^= 1
    header = struct.pack("<4sHHII", b"PHLG", 1, 16, 1, 0).ljust(28, b"\xff")  # without one it is no flash
    kept = header + struct.pack("<I", zlib.crc32(header)) + b"k" * (KEPT_BYTES - 32)
    bank[-KEPT_BYTES:] = kept
    path.write_bytes(bank)
    again = kept_flash(image, path).read_bytes()
    assert again[0] == bank[0] ^ 1 and again[-KEPT_BYTES:] == kept


def test_a_file_that_is_no_flash_is_left_alone(image: Image, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ValueError, match=r"letter\.txt: no flash of a device"):
        kept_flash(image, tmp_path / "letter.txt")
    assert (tmp_path / "letter.txt").read_text() == "dear"
