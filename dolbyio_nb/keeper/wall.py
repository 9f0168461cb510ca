"""Notices that the wall clock ran ahead: the computer slept, or somebody set the clock."""

from collections.abc import Callable

from dolbyio_nb.clock import Clock

LARGEST_GAIN = 30.0  # seconds; far more than a clock is ever steered by


class WallWatch:
    """Compares the wall clock with the keeper's own, which on some systems stops during sleep."""

    def __init__(self, clock: Clock, wall: Callable[[], float]) -> None:
        self._clock, self._wall = clock, wall
        self._difference = self._wall() - self._clock()

    def gained(self) -> bool:
        """Tell whether the wall clock has run ahead since the last look."""
        before, self._difference = self._difference, self._wall() - self._clock()
        return self._difference - before > LARGEST_GAIN
