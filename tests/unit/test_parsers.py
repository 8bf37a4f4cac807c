"""Whatever is read, however damaged, is refused in one sentence or read: no fault, no hang, no unbounded memory."""

import io
import json
import re
import struct
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from damaged import bounded_memory, refused_in_a_sentence, spoilt, spoilt_value
from peephole.cli.samples import read_samples
from peephole.device import backup
from peephole.device.framing import FrameReader, packed
from peephole.device.session import _accepted
from peephole.doorbell.transfer import pack, rules_in, unpack
from peephole.evaluation.lfw import read_pairs
from peephole.firmware.image import section_sizes
from peephole.fixedpoint import storage
from peephole.fixedpoint.float_network import FloatNetwork
from peephole.fixedpoint.program import Calibration, IntegerProgram
from peephole.fixedpoint.quantize import quantize
from peephole.image_files import decode_grey, read_picture, read_pictures
from peephole.mqtt.commands import wish
from peephole.mqtt.settings import Mqtt
from peephole.mqtt.topics import Topics
from peephole.people.hours import Hours
from peephole.people.records import Person, Reference
from peephole.people.shared import FIELDS, SharedPeople, SharedPerson, SharedReference, Stamped
from peephole.settings.reading import read_settings
from peephole.sync.contents import from_json, to_json
from peephole.sync.identity import Identity, PublicKeys
from peephole.training.config_file import read_config
from peephole.training.find_faces import given_windows
from peephole.training.folders import _names
from peephole.web.upload import decode_photo
from programs import smooth_images, tiny_network

some = settings(max_examples=150)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def names_beside(folder: Path) -> object:
    """What the people of a folder of training faces are called, by the list that lies there."""
    try:
        return _names(folder)
    finally:
        (folder / "identity_meta.csv").unlink(missing_ok=True)  # it goes before names.txt


def saved(item: IntegerProgram | FloatNetwork) -> bytes:
    with tempfile.TemporaryDirectory() as there:
        item.save(Path(there) / "a.safetensors")
        return (Path(there) / "a.safetensors").read_bytes()


def arrays(**named: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **named)  # type: ignore[arg-type]
    return stream.getvalue()


def picture(suffix: str) -> bytes:
    return cv2.imencode(suffix, np.arange(600, dtype=np.uint8).reshape(20, 30))[1].tobytes()


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as file:
        member = tarfile.TarInfo("a.png")
        member.size = len(picture(".png"))
        file.addfile(member, io.BytesIO(picture(".png")))
    return stream.getvalue()


FRONT = Identity(bytes(range(32)), bytes(range(1, 33)))
NETWORK = tiny_network()
PROGRAM = quantize(NETWORK, smooth_images(8, 17))[0].with_calibration(
    Calibration(((1e-3, 1000), (1e-2, 4000)), "waves")
)
LOOK = Reference(1, "p1", np.arange(5, dtype=np.int16), "m", picture(".jpg"), 700, "photo", 5.0)
ARCHIVE = pack(Person("p1", "Alice", 5.0), [LOOK])
TOLD = {"name": "Alice", "tell": "notify", "may_open": False, "minor": False, "consent": ("", None)}
SHARED = SharedPerson(
    "p0000000000000001",
    10.0,
    {field: Stamped(TOLD.get(field, ""), 10.0) for field in FIELDS},
    (SharedReference(bytes(32), "m", b"\xff\xd8", 700, "photo", 5.0),),
)
CONTENTS = to_json(SharedPeople((SHARED,)), 20.0)
DEVICE = backup.to_file(backup.Backup(7, 5, ((1, b"Alice"), (2, bytes(40)))))
ELF = b"\x7fELF\x01\x01" + bytes(26) + struct.pack("<I", 52) + bytes(10) + struct.pack("<HHH", 40, 2, 1) + bytes(80)
PAIRS = b"1\t1\nAnna\t1\t2\nAnna\t1\tBen\t1\n"
SETTINGS = b"""[retention]
strangers = 3
[door]
mode = "off"
hours = "mon-fri 7:00-20:00"
[[notify.targets]]
name = "a"
url = "text:http://127.0.0.1:9/"
"""
LANDMARKS = b"NAME_ID,P1X\n" + b'"n000001/0001_01",30,40,70,40,50,60,35,80,65,80\n'
TRAINING = (Path(__file__).resolve().parents[2] / "configs/squeezeface.toml").read_bytes()

FILES: dict[str, tuple[bytes, Callable[[Path], object]]] = {
    "program.safetensors": (saved(PROGRAM), IntegerProgram.load),
    "network.safetensors": (saved(NETWORK), FloatNetwork.load),
    "settings.toml": (SETTINGS, read_settings),
    "training.toml": (TRAINING, read_config),
    "pairs.txt": (PAIRS, read_pairs),
    "samples.npz": (arrays(samples=np.zeros((3, 4), np.float32)), lambda path: read_samples(path, 2)),
    "picture.png": (picture(".png"), read_picture),
    "picture.jpg": (picture(".jpg"), read_picture),
    "identity_meta.csv": (
        b'Class_ID, Name, Sample_Num\nn000001, "Anna, B.", 3\n',
        lambda path: names_beside(path.parent),
    ),
    "names.txt": ("0000045 Anna Ä.\n".encode(), lambda path: names_beside(path.parent)),
    "loose_landmark_train.csv": (LANDMARKS, lambda path: given_windows(path, ["n000001/0001_01.jpg"])),
    "pictures.tgz": (tar(), lambda path: [decode_grey(one) for one in read_pictures(path)]),
}
MESSAGES: dict[str, tuple[bytes, Callable[[bytes], object]]] = {
    "archive of a person": (ARCHIVE, lambda data: unpack(data, "m", 5)),
    "rules of an archive": (ARCHIVE, rules_in),
    "people of another door": (CONTENTS, lambda data: from_json(data, 30.0)),
    "backup of a device": (DEVICE, backup.from_file),
    "words of a device": (cbor2.dumps([0, "Alice", [1, 2.5, b"x"]]), lambda data: _accepted("line", data)),
    "frames of a device": (packed(7, b"Alice") + packed(8), lambda data: FrameReader().take(data)),
    "an image of a device": (ELF, lambda data: section_sizes(data, "a.elf")),
    "upload.jpg": (picture(".jpg"), lambda data: decode_photo("a.jpg", data)),
    "upload.png": (picture(".png"), lambda data: decode_photo("a.png", data)),
    "upload.webp": (picture(".webp"), lambda data: decode_photo("a.webp", data)),
    "a door's line": (FRONT.public.line().encode(), lambda data: PublicKeys.parse(data.decode("latin-1"))),
    "hours": (b"mon-fri 7:00-20:00, sun 9:00-10:00", lambda data: Hours.parse(data.decode("latin-1"))),
}


@pytest.mark.parametrize("name", FILES)
def test_a_whole_file_is_read(name: str, folder: Path) -> None:
    whole, read = FILES[name]
    read(written(folder, name, whole))


@pytest.mark.parametrize("name", FILES)
@some
@given(data=st.data())
def test_a_damaged_file(name: str, folder: Path, data: st.DataObject) -> None:
    whole, read = FILES[name]
    path = written(folder, name, data.draw(spoilt(whole)))
    with refused_in_a_sentence():
        read(path)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_whole_message_is_read(name: str) -> None:
    whole, read = MESSAGES[name]
    if name != "an image of a device":  # two empty sections are none
        read(whole)


@pytest.mark.parametrize("name", MESSAGES)
@some
@given(data=st.data())
def test_a_damaged_message(name: str, data: st.DataObject) -> None:
    whole, read = MESSAGES[name]
    with refused_in_a_sentence():
        read(data.draw(spoilt(whole)))


@pytest.mark.parametrize("name", ["identity_meta.csv", "names.txt"])
@pytest.mark.parametrize("content", [b"a,\xff\xfeb\n", b'n1,"' + b"x" * 200_000 + b'"\n'], ids=["no UTF-8", "long"])
def test_names_that_cannot_be_read_are_refused_by_their_file(name: str, content: bytes, folder: Path) -> None:
    path = written(folder, name, content)
    if name == "names.txt" and content.startswith(b"n1"):
        assert names_beside(folder) == {}  # a line of one word names nobody
        return
    with pytest.raises(ValueError, match=rf"{name}: not a list of people's names in UTF-8"):
        names_beside(path.parent)


def test_landmarks_with_a_field_without_end_are_refused_by_their_file(folder: Path) -> None:
    path = written(folder, "landmarks.csv", b'a\n"' + b"x" * 200_000 + b'"\n')
    with pytest.raises(ValueError, match=r"landmarks\.csv: "):
        given_windows(path, ["n000001/0001_01.jpg"])


MQTT = Mqtt(host="broker", device="front", allow_lock=True, allow_ring=True, lock_code="text:1234")
TOPICS = Topics.of(MQTT)
ASKS = [b"UNLOCK", b"LOCK", b"1", b'{"action": "OPEN", "code": "1234"}', b'{"camera": "garden"}', b"online"]


@settings(max_examples=300)
@given(
    st.sampled_from(ASKS).flatmap(spoilt),
    st.sampled_from([TOPICS.lock_command, TOPICS.press, TOPICS.home_assistant]),
    st.booleans(),
)
def test_a_message_of_a_broker_asks_for_what_it_says_or_for_nothing(payload: bytes, topic: str, retained: bool) -> None:
    """Whatever the bytes: the door is asked for by the two words alone, and a name has what a name may have."""
    with bounded_memory():
        asked = wish(TOPICS, topic, payload, retained, 60.0)
    if asked is None:
        return
    assert topic != TOPICS.home_assistant or asked.command == "announce"
    assert asked.camera.isprintable() and len(asked.camera) <= 40
    if asked.command == "open":
        assert topic == TOPICS.lock_command and not retained
        assert re.search(rb"^(UNLOCK|OPEN)$|^\{.*\"(UNLOCK|OPEN)\"", payload, re.DOTALL) or b"\\u" in payload


def structured(file: bytes) -> tuple[dict[str, Any], storage.Arrays]:
    with tempfile.TemporaryDirectory() as there:
        return storage.read(written(Path(there), "a", file), storage_kind(file))


def storage_kind(file: bytes) -> str:
    return "integer program" if b"peephole integer program" in file else "float network"


@pytest.mark.parametrize("name", ["program.safetensors", "network.safetensors"])
@some
@given(data=st.data())
def test_a_program_whose_structure_says_something_else(name: str, folder: Path, data: st.DataObject) -> None:
    whole, read = FILES[name]
    structure, tensors = structured(whole)
    path = folder / name
    changed = data.draw(spoilt_value(structure))
    try:
        storage.write(path, storage_kind(whole), changed, tensors)
    except UnicodeEncodeError:
        return
    with refused_in_a_sentence():
        read(path)


@some
@given(content=spoilt_value(json.loads(CONTENTS)))
def test_people_of_another_door_who_cannot_be(content: Any) -> None:
    with refused_in_a_sentence():
        from_json(json.dumps(content).encode(), 30.0)


def with_person(content: Any) -> bytes:
    """The archive with another person.json."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(ARCHIVE)) as old, zipfile.ZipFile(stream, "w") as new:
        for name in old.namelist():
            new.writestr(name, json.dumps(content) if name == "person.json" else old.read(name))
    return stream.getvalue()


PERSON = json.loads(zipfile.ZipFile(io.BytesIO(ARCHIVE)).read("person.json"))


@some
@given(content=spoilt_value(PERSON))
def test_an_archive_of_somebody_who_cannot_be(content: Any) -> None:
    with refused_in_a_sentence():
        unpack(with_person(content), "m", 5)
    with refused_in_a_sentence():
        rules_in(with_person(content))


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith((".toml", ".safetensors"))])
def test_a_thousand_thousand_brackets(name: str, folder: Path) -> None:
    whole, read = FILES[name]
    deep = "[" * 200_000
    if name.endswith(".toml"):
        path = written(folder, name, b"a = " + deep.encode())
    else:
        structure = {"a": 1}
        path = folder / name
        storage.write(path, storage_kind(whole), structure, {"a": np.zeros(1, np.int8)})
        content = path.read_bytes()
        start = 8 + int.from_bytes(content[:8], "little")
        header = json.loads(content[8:start])
        header["__metadata__"]["structure"] = deep
        text = json.dumps(header).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + content[start:])
    with refused_in_a_sentence():
        read(path)


LIES = {
    "a list of 2^64": b"\x9b" + b"\xff" * 8,
    "bytes of 2^63": b"\x5b\x7f" + b"\xff" * 7,
    "bytes of 2^32": b"\x5a" + b"\xff" * 4,
    "a number of 2^32 bytes": b"\xc2\x5a" + b"\xff" * 4,
    "lists in lists": b"\x81" * 100_000,
}


@pytest.mark.parametrize("name", ["backup of a device", "words of a device"])
@pytest.mark.parametrize("content", LIES.values(), ids=list(LIES))
def test_cbor_that_lies_about_lengths(name: str, content: bytes) -> None:
    with refused_in_a_sentence():
        MESSAGES[name][1](content)


@pytest.mark.parametrize("shape", [(1 << 32,), (1 << 62,), (1 << 40, 1 << 40)])
def test_an_array_that_says_it_is_larger_than_memory(shape: tuple[int, ...], folder: Path) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": shape})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("samples.npy", head.getvalue())
    path = written(folder, "large.npz", stream.getvalue())
    with bounded_memory(), pytest.raises(ValueError, match="holds no array of samples"):
        read_samples(path, 2)


def test_a_reader_that_believes_a_length_does_not_pass() -> None:
    with pytest.raises(MemoryError), refused_in_a_sentence():
        bytearray(4 << 30)


def test_a_fault_and_a_second_line_do_not_pass() -> None:
    with pytest.raises(KeyError), refused_in_a_sentence():
        raise KeyError("a")
    with pytest.raises(AssertionError), refused_in_a_sentence():
        raise ValueError("two\nlines")
