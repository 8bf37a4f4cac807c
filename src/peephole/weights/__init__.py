"""The integer programs that ship with the package; each has a model card beside it."""

from pathlib import Path

# Named by their roles: whichever network does it best at present.
RECOGNISER = "recogniser.safetensors"
LANDMARKS = "landmarks.safetensors"


def default_program() -> Path:
    """Return the file of the shipped recogniser.

    Raises `FileNotFoundError` where the installation carries none.
    """
    path = Path(__file__).with_name(RECOGNISER)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: this installation carries no recogniser; give a program with --model FILE")
    return path


def landmark_program() -> Path:
    """Return the file of the shipped landmark program, which finds the five points that faces are aligned by.

    Raises `FileNotFoundError` where the installation carries none.
    """
    path = Path(__file__).with_name(LANDMARKS)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: this installation cannot align faces; install peephole anew")
    return path
