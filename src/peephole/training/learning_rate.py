"""Learning rates over a run."""


def warmed_up(step: int, warm_up_steps: int) -> float:
    """Return the share of its learning rate that a step gets: less than 1 while the warm-up lasts."""
    return min(1.0, (step + 1) / max(1, warm_up_steps))


def falling_rate(highest: float, step: int, steps: int, warm_up_steps: int) -> float:
    """Return the learning rate of a step: after a warm-up it falls from `highest` linearly to nothing."""
    return highest * (1 - step / steps) * warmed_up(step, warm_up_steps)
