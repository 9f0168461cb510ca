"""Sounds to measure."""

from tests.sounds import heard as heard
from tests.sounds import make as make
from tests.sounds import media as media
from tests.sounds import saved as saved
from tests.sounds import second_meter as second_meter
from tests.sounds import si_sdr as si_sdr
from tests.sounds import voice as voice
