"""The progress of a run: on stderr, and only where that is a terminal; what a command prints stays clean."""

import contextlib
import sys

from lightning.pytorch.callbacks import Callback, TQDMProgressBar
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm


class Progress(TQDMProgressBar):
    """Lightning's bar for a stage of so many steps, which it cannot know of an endless stream."""

    def __init__(self, steps: int) -> None:
        super().__init__(refresh_rate=20)
        self.steps = steps

    @property
    def total_train_batches(self) -> int:
        """Steps of the stage."""
        return self.steps

    def init_train_tqdm(self) -> Tqdm:
        """Make the bar of the training steps."""
        with contextlib.redirect_stdout(sys.stderr):
            return super().init_train_tqdm()

    def init_validation_tqdm(self) -> Tqdm:
        """Make the bar of a look at the held-out faces."""
        with contextlib.redirect_stdout(sys.stderr):
            return super().init_validation_tqdm()


def progress_bars(steps: int) -> list[Callback]:
    """Return what shows the progress of a stage; nothing where nobody looks."""
    return [Progress(steps)] if sys.stderr.isatty() else []
