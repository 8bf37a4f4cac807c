"""The integer programs that ship with the package; each has a model card beside it."""

from pathlib import Path

# Named by their roles: whichever network does it best at present.
RECOGNISER = "recogniser.safetensors"
RECOGNISER_8_BITS = "recogniser-int8.safetensors"
LANDMARKS = "landmarks.safetensors"


def default_program(bits: int = 16) -> Path:
    """Return the file of the shipped recogniser of 16 or of 8 bits.

    Raises `FileNotFoundError` where the installation carries none.
    """
    path = Path(__file__).with_name(RECOGNISER if bits == 16 else RECOGNISER_8_BITS)
    if not path.is_file():
        what = "recogniser" if bits == 16 else f"recogniser of {bits} bits"
        raise FileNotFoundError(f"{path}: this installation carries no {what}; give a program with --model FILE")
    return path


def landmark_program() -> Path:
    """Return the file of the shipped landmark program, which finds the five points that faces are aligned by.

    Raises `FileNotFoundError` where the installation carries none.
    """
    path = Path(__file__).with_name(LANDMARKS)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: this installation cannot align faces; install peephole anew")
    return path
