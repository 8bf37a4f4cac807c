"""The C kernels; csrc/include/peephole/*.h say what each computes. A ValueError names the array that does not fit."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]  # down the rows, along the columns; of padding: top, left

def kernel_paths() -> list[str]: ...

class PackedWeights:
    """Weights laid out for a path, shared by recordings."""

    def __init__(self, path: str) -> None: ...

class Workers:
    """Threads that help those who run recordings, one caller at a time; the others do without."""

    def __init__(self, count: int) -> None: ...

class Recording:
    """Layers that are noted while it is open on this thread, and run many times."""

    def __init__(self, weights: PackedWeights) -> None: ...
    def __enter__(self) -> Recording: ...
    def __exit__(self, *error: object) -> None: ...
    def run(self, workers: Workers | None = None) -> None: ...

def conv2d_s16(
    x: NDArray[np.int16],
    weight: NDArray[np.int16],
    bias: NDArray[np.int32],
    norm: NDArray[np.uint8],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    low: int,
    high: int,
    accumulation: Literal["full", "per_channel"],
    accumulator_bits: Literal[32, 64],
    out: NDArray[np.int16],
    channel: int,
) -> None: ...
def conv2d_s8(
    x: NDArray[np.int8],
    weight: NDArray[np.int8],
    bias: NDArray[np.int32],
    norm: NDArray[np.uint8],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    low: int,
    high: int,
    out: NDArray[np.int8] | NDArray[np.int16],
    channel: int,
) -> None: ...
def depthwise_conv2d_s16(
    x: NDArray[np.int16],
    weight: NDArray[np.int16],
    bias: NDArray[np.int32],
    norm: NDArray[np.uint8],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    low: int,
    high: int,
    accumulator_bits: Literal[32, 64],
    out: NDArray[np.int16],
    channel: int,
) -> None: ...
def depthwise_conv2d_s8(
    x: NDArray[np.int8],
    weight: NDArray[np.int8],
    bias: NDArray[np.int32],
    norm: NDArray[np.uint8],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    low: int,
    high: int,
    out: NDArray[np.int8] | NDArray[np.int16],
    channel: int,
) -> None: ...
def add_s16(
    x: NDArray[np.int16],
    other: NDArray[np.int16],
    shift: int,
    other_shift: int,
    norm: int,
    low: int,
    high: int,
    out: NDArray[np.int16],
    channel: int,
) -> None: ...
def add_s8(
    x: NDArray[np.int8],
    other: NDArray[np.int8],
    shift: int,
    other_shift: int,
    norm: int,
    low: int,
    high: int,
    out: NDArray[np.int8],
    channel: int,
) -> None: ...
def max_pool_s8(
    x: NDArray[np.int8],
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    out: NDArray[np.int8],
    channel: int,
) -> None: ...
def max_pool_s16(
    x: NDArray[np.int16],
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    out: NDArray[np.int16],
    channel: int,
) -> None: ...
def average_pool_s16(
    x: NDArray[np.int16],
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    padding_end: Pair,
    counts_padding: bool,
    factors: NDArray[np.int32],
    shift: int,
    out: NDArray[np.int16],
    channel: int,
) -> None: ...
def average_pool_s8(
    x: NDArray[np.int8],
    size: Pair,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    padding_end: Pair,
    counts_padding: bool,
    factors: NDArray[np.int32],
    shift: int,
    out: NDArray[np.int8] | NDArray[np.int16],
    channel: int,
) -> None: ...
def global_average_pool_s16(
    x: NDArray[np.int16], factor: int, shift: int, out: NDArray[np.int16], channel: int
) -> None: ...
def global_average_pool_s8(
    x: NDArray[np.int8], factor: int, shift: int, out: NDArray[np.int8] | NDArray[np.int16], channel: int
) -> None: ...
def copy_channels_s16(
    x: NDArray[np.int16],
    first: int,
    count: int,
    shift: int,
    low: int,
    high: int,
    out: NDArray[np.int8] | NDArray[np.int16],
    channel: int,
) -> None: ...
def shuffle_channels_s16(x: NDArray[np.int16], groups: int, out: NDArray[np.int16], channel: int) -> None: ...
def copy_channels_s8(
    x: NDArray[np.int8],
    first: int,
    count: int,
    shift: int,
    low: int,
    high: int,
    out: NDArray[np.int8] | NDArray[np.int16],
    channel: int,
) -> None: ...
def shuffle_channels_s8(x: NDArray[np.int8], groups: int, out: NDArray[np.int8], channel: int) -> None: ...
def upsample_s16(x: NDArray[np.int16], out: NDArray[np.int16], channel: int) -> None: ...
def upsample_s8(x: NDArray[np.int8], out: NDArray[np.int8], channel: int) -> None: ...
def l2_normalize_s8(x: NDArray[np.int8], frac_bits: int, out: NDArray[np.int16]) -> None: ...
def enter_image(
    image: NDArray[np.uint8], offset: int, mirrored: bool, out: NDArray[np.int8] | NDArray[np.int16]
) -> None: ...
def l2_normalize_s16(x: NDArray[np.int16], frac_bits: int, out: NDArray[np.int16]) -> None: ...
def warp_affine_u8(image: NDArray[np.uint8], matrix: NDArray[np.int32], out: NDArray[np.uint8]) -> None: ...
def similarity_fit_s32(points: NDArray[np.int32], template: NDArray[np.int32], out: NDArray[np.int32]) -> None: ...
def warp_points_s16(
    points: NDArray[np.int16], size: int, frac_bits: int, matrix: NDArray[np.int32], out: NDArray[np.int32]
) -> None: ...
def resize_u8(image: NDArray[np.uint8], out: NDArray[np.uint8]) -> None: ...
def squared_l2_s16(a: NDArray[np.int16], b: NDArray[np.int16]) -> int: ...
def squared_l2_many_s16(a: NDArray[np.int16], b: NDArray[np.int16], out: NDArray[np.uint64]) -> None: ...
def integral_u8(image: NDArray[np.uint8], sum: NDArray[np.uint32], squares: NDArray[np.uint32]) -> None: ...
def group_hits(hits: NDArray[np.int32], min_neighbours: int) -> NDArray[np.int32]: ...
def cascade_regions(hits: NDArray[np.int32], away: int, times: int, capacity: int) -> NDArray[np.int32] | None: ...

class Cascade:
    def __init__(
        self,
        stage_weak: NDArray[np.uint16],
        stage_threshold: NDArray[np.int32],
        threshold: NDArray[np.int16],
        leaf: NDArray[np.int16],
        rectangle_count: NDArray[np.uint8],
        rectangle: NDArray[np.int8],
        carried: NDArray[np.uint8],
    ) -> None: ...
    def scratch_bytes(self, height: int, width: int, min_size: int, max_size: int, scale: int) -> int: ...
    def hits(
        self,
        image: NDArray[np.uint8],
        min_size: int,
        max_size: int,
        scale: int,
        min_deviation: int,
        regions: NDArray[np.int32],
    ) -> NDArray[np.int32]: ...
    def find(
        self,
        image: NDArray[np.uint8],
        min_size: int,
        max_size: int,
        scale: int,
        min_deviation: int,
        min_neighbours: int,
        glance: Cascade | None,
        glance_size: int,
        glance_scale: int,
        away: int,
        times: int,
    ) -> NDArray[np.int32]: ...

# Looking at faces; csrc/app/*.h say what each computes. A box is (x, y, width, height).

BoxValues = tuple[int, int, int, int]
SeenValues = tuple[BoxValues, int, int]  # box, neighbours, tilt

TILT_STEP: int
MOST_TILT: int

def sharpness(crop: NDArray[np.uint8]) -> int: ...
def measure_exposure(crop: NDArray[np.uint8]) -> tuple[int, int, int]: ...
def find_fault(policy: Policy, width: int, sharpness: int, exposure: tuple[int, int, int], turned: bool) -> int: ...
def quality_value(policy: Policy, width: int, sharpness: int, neighbours: int) -> int: ...
def assess(
    policy: Policy, width: int, neighbours: int, turned: bool, crop: NDArray[np.uint8]
) -> tuple[int, int, int]: ...
def is_turned(points: NDArray[np.int32], most: int) -> bool: ...
def doubt_about(points: NDArray[np.int32], box: BoxValues) -> int: ...
def square_matrix(box: BoxValues, size: int, rule: BoxValues, out: NDArray[np.int32]) -> None: ...
def compose_matrices(outer: NDArray[np.int32], inner: NDArray[np.int32], out: NDArray[np.int32]) -> None: ...
def find_points(
    grey: NDArray[np.uint8],
    box: BoxValues,
    tilt: int,
    size: int,
    frac_bits: int,
    template: NDArray[np.int32],
    looks: int,
    network: Callable[[NDArray[np.uint8]], NDArray[np.int16]],
    out: NDArray[np.int32],
) -> int: ...
def cut_face(
    grey: NDArray[np.uint8],
    box: BoxValues,
    tilt: int,
    points: NDArray[np.int32] | None,
    template: NDArray[np.int32] | None,
    out: NDArray[np.uint8],
) -> None: ...
def look_at(
    grey: NDArray[np.uint8],
    box: BoxValues,
    neighbours: int,
    tilt: int,
    policy: Policy,
    aligned: bool,
    landmark_size: int,
    frac_bits: int,
    landmark_template: NDArray[np.int32],
    looks: int,
    template: NDArray[np.int32],
    run_landmarks: Callable[[NDArray[np.uint8]], NDArray[np.int16]],
    run_recogniser: Callable[[NDArray[np.uint8]], NDArray[np.int16]],
    points: NDArray[np.int32],
    crop: NDArray[np.uint8],
    descriptor: NDArray[np.int16],
) -> tuple[int, int, int, int]: ...
def same_place(a: BoxValues, b: BoxValues) -> bool: ...
def keep_distinct(faces: Sequence[SeenValues]) -> list[SeenValues]: ...
def turned_matrix(
    around: BoxValues, size: int, step: int, step_of: int, degrees: int, out: NDArray[np.int32]
) -> None: ...
def look_for(
    grey: NDArray[np.uint8],
    last: BoxValues,
    tilt: int,
    others: Sequence[BoxValues],
    detect: Callable[[NDArray[np.uint8]], NDArray[np.int32]],
) -> SeenValues | None: ...
def straighten(
    grey: NDArray[np.uint8], seen: SeenValues, detect: Callable[[NDArray[np.uint8]], NDArray[np.int32]]
) -> SeenValues: ...

# The doorbell's decisions; csrc/app/*.h say what each computes.

References = tuple[NDArray[np.uint16], NDArray[np.int16], int]  # owner [M], descriptors [M,D], number of owners
Verdict = tuple[int, int, int | None, int | None, int | None, int | None]  # as in doorbell/voting.py

class Policy:
    def __init__(
        self,
        *,
        known_rate: int,
        stranger_rate: int,
        same_stranger_rate: int,
        known_sightings: int,
        stranger_sightings: int,
        votes: int,
        margin_share: int,
        opening_faces: int,
        hold: int,
        blink: int,
        gap: int,
        longest: int,
        cool_down: int,
        look: int,
        later_look: int,
        save: int,
        retry: int,
        keep_looks: int,
        keep_stranger_looks: int,
        min_width: int,
        good_width: int,
        min_sharpness: int,
        good_sharpness: int,
        min_contrast: int,
        most_clipped: int,
        most_turned: int,
        good_neighbours: int,
    ) -> None: ...
    @staticmethod
    def default() -> Policy: ...
    def numbers(self) -> dict[str, int]: ...

def log2_q24(x: int) -> int: ...
def distance_at(rates: NDArray[np.uint32], distances: NDArray[np.uint64], rate: int, people: int) -> int: ...
def find_bars(
    policy: Policy, rates: NDArray[np.uint32], distances: NDArray[np.uint64], people: int
) -> tuple[int, int, int, int]: ...
def nearest_distances(
    descriptors: NDArray[np.int16],
    references: References,
    out: NDArray[np.uint64],
) -> None: ...
def median(distances: NDArray[np.uint64]) -> int: ...
def rank(distances: NDArray[np.uint64]) -> tuple[int | None, int | None, int | None]: ...
def voters(times: NDArray[np.int64], values: NDArray[np.int32], good: NDArray[np.uint8], votes: int) -> list[int]: ...
def decide(
    times: NDArray[np.int64],
    values: NDArray[np.int32],
    good: NDArray[np.uint8],
    descriptors: NDArray[np.int16],
    references: References,
    bars: Sequence[int],
    policy: Policy,
) -> Verdict: ...
def same_stranger(
    times: NDArray[np.int64],
    values: NDArray[np.int32],
    good: NDArray[np.uint8],
    descriptors: NDArray[np.int16],
    references: References,
    bars: Sequence[int],
    policy: Policy,
) -> tuple[int | None, int | None, int | None]: ...

# Walks; boxes are x, y, width and height, times milliseconds.

class Look:
    def __init__(self, time: int, value: int, good: bool, picture: int, descriptor: NDArray[np.int16]) -> None: ...

class Walk:
    def __init__(self, number: int, time: int, box: BoxValues) -> None: ...
    @property
    def number(self) -> int: ...
    @property
    def first_seen(self) -> int: ...
    @property
    def last_seen(self) -> int: ...
    @property
    def box(self) -> BoxValues: ...
    @property
    def tilt(self) -> int: ...
    @property
    def faces(self) -> int: ...
    @property
    def pictures(self) -> list[int]: ...
    visit: int
    def is_news(self, person: int, stranger: int) -> bool: ...
    def add(self, look: Look, policy: Policy) -> bool: ...
    def likeness(self, look: Look) -> int | None: ...
    def follow(self, time: int, box: BoxValues, tilt: int) -> None: ...
    def wants_look(self, time: int, policy: Policy) -> bool: ...
    def is_someone_else(self, look: Look, bars: Sequence[int], policy: Policy) -> bool: ...

class Tracker:
    def __init__(self) -> None: ...
    @property
    def walks(self) -> list[Walk]: ...
    def place(self, time: int, boxes: Sequence[BoxValues], policy: Policy) -> list[Walk | None]: ...
    def missing(self, time: int, placed: Sequence[Walk | None], policy: Policy) -> list[Walk]: ...
    def over(self, time: int, policy: Policy) -> list[Walk]: ...
    def begin(self, time: int, box: BoxValues) -> Walk: ...
    def forget(self, walk: Walk) -> None: ...
    def merge(self, into: Walk, walk: Walk, policy: Policy) -> None: ...
    def crossed(self, walk: Walk, look: Look, bars: Sequence[int], policy: Policy) -> Walk | None: ...
    def rejoin(self, look: Look, bars: Sequence[int], busy: Sequence[Walk], policy: Policy) -> Walk | None: ...

def closeness(before: BoxValues, now: BoxValues) -> int: ...

# What the device remembers, over a flash whose power can be cut; csrc/app/gallery.h. An operation returns the number of
# its ph_status, and beside it what it made: an id, a number, how many references.

ReferenceRow = tuple[int, int, int, bytes]  # time, quality, source, descriptor (int16)

def crc32(content: bytes) -> int: ...
def gallery_flash_bytes(size: Sequence[int], program_unit: int) -> int: ...
def gallery_ram_bytes(size: Sequence[int]) -> int: ...

class FlashMemory:
    def __init__(self, area_bytes: int, program_unit: int, seed: int) -> None: ...
    def cut_after(self, budget: int) -> None: ...
    def powered(self) -> bool: ...
    def power_up(self) -> None: ...
    def flip(self, bit: int) -> None: ...
    def content(self) -> bytes: ...
    def erases(self) -> list[int]: ...
    def offences(self) -> int: ...

class GalleryLooks:
    def __init__(
        self,
        times: NDArray[np.int64],
        values: NDArray[np.int32],
        good: NDArray[np.uint8],
        descriptors: NDArray[np.int16],
    ) -> None: ...

class Gallery:
    def __init__(self, memory: FlashMemory, size: Sequence[int], model: int) -> None: ...
    def open(self) -> int: ...
    def add_person(self, name: str, time: int, looks: GalleryLooks, source: int) -> tuple[int, int]: ...
    def add_references(self, id: int, looks: GalleryLooks, source: int) -> int: ...
    def rename(self, id: int, name: str) -> int: ...
    def remove(self, id: int) -> int: ...
    def add_stranger(
        self, looks: GalleryLooks, thumbnail: NDArray[np.uint8] | None, first_seen: int, last_seen: int, replace: bool
    ) -> tuple[int, int]: ...
    def remember(
        self, number: int, looks: GalleryLooks, thumbnail: NDArray[np.uint8] | None, last_seen: int
    ) -> int: ...
    def assign(self, number: int, id: int) -> tuple[int, int]: ...
    def assign_new(self, number: int, name: str, time: int) -> tuple[int, int]: ...
    def ignore(self, number: int) -> int: ...
    def discard(self, number: int) -> int: ...
    def note_visit(self, id: int, number: int, last_seen: int) -> int: ...
    def write_slot(self, slot: int, version: int, content: bytes) -> int: ...
    def switch_areas(self) -> int: ...
    def tidy(self) -> int: ...
    def forget_all(self) -> int: ...
    def people(self) -> list[tuple[int, str, int, int, int, list[ReferenceRow]]]: ...
    def strangers(self) -> list[tuple[int, int, int, int, int, list[ReferenceRow], bytes | None]]: ...
    def slots(self) -> dict[int, tuple[int, bytes]]: ...
    def counts(self) -> dict[str, int]: ...

class Device:
    def __init__(self, gallery: Gallery, seed: int) -> None: ...
    def restart(self) -> None: ...
    def take(self, content: bytes) -> bytes: ...
    def press(self) -> None: ...
    def pass_time(self, milliseconds: int) -> None: ...
    def stand_at_door(self, looks: GalleryLooks | None, faces: int) -> None: ...
    def fail_random(self, fails: bool) -> None: ...
    def tell(
        self,
        kind: int,
        visit: int,
        on: bool,
        decision: int,
        reason: int,
        person: int,
        stranger: int,
        problem: int,
        status: int,
    ) -> None: ...
    def setting(self, name: str) -> int: ...

# What happens in a frame; csrc/app/watch.h says in which order.

class Eyes(Protocol):
    def find(self) -> list[SeenValues]: ...
    def look_for(self, last: BoxValues, tilt: int, others: list[BoxValues]) -> SeenValues | None: ...
    def straighten(self, seen: SeenValues) -> SeenValues: ...
    def look(self, seen: SeenValues) -> Look: ...

class Visits(Protocol):
    def kept(self, walk: Walk) -> None: ...
    def merged(self, into: Walk, walk: Walk) -> None: ...
    def began(self, walk: Walk) -> None: ...
    def decided(self, walk: Walk, verdict: Verdict, stranger: int | None) -> None: ...
    def save(self, walk: Walk) -> bool: ...
    def ended(self, walk: Walk) -> None: ...

class Watch:
    def __init__(self) -> None: ...
    @property
    def walks(self) -> list[Walk]: ...
    @property
    def view(self) -> list[Walk]: ...
    def set_clock(self, time: int, policy: Policy, visits: Visits) -> bool: ...
    def frame(
        self,
        time: int,
        people: References,
        strangers: References,
        bars: Sequence[int],
        policy: Policy,
        eyes: Eyes,
        visits: Visits,
    ) -> None: ...
    def decide_again(self) -> None: ...
    def end_all(self, policy: Policy, visits: Visits) -> None: ...
