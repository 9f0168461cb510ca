"""Whether a measured loudness is what a request, or a known service, asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from .options import Options

TOLERANCE = 1.0
"""LU to either side of a profile's loudness."""

PROFILES = {"service_amazon": (-14.0, -2.0), "service_spotify": (-14.0, -1.0)}
"""Loudness in LUFS and highest true peak in dB that Amazon Music and Spotify publish for music."""


@dataclass(frozen=True)
class Limits:
    """LUFS and dB; infinite where nothing is asked."""

    low: float
    high: float
    true_peak: float


def limits(options: Options) -> Limits | None:
    """The limits of the profile, if one is named, replaced by those that the request gives itself."""
    profile = options.choice("loudness.profile", tuple(PROFILES))
    own = options.get("validation.loudness")
    if profile is None and not own:
        return None
    low, high, peak = -math.inf, math.inf, math.inf
    if profile:
        loudness, peak = PROFILES[profile]
        low, high = loudness - TOLERANCE, loudness + TOLERANCE
    group = "validation.loudness"
    return Limits(
        options.number(f"{group}.loudness_min", low, -120, 20),
        options.number(f"{group}.loudness_max", high, -120, 20),
        options.number(f"{group}.true_peak_max", peak, -120, 20),
    )


def validated(loudness: dict[str, Any], asked: Limits) -> dict[str, Any]:
    """`pass`, and `detail` in words."""
    measured, peak = loudness["measured"], loudness["true_peak"]
    faults = []
    if not asked.low <= measured <= asked.high:
        span = f"[{asked.low:g},{asked.high:g}]"
        faults.append(f"measured loudness {measured:.2f} outside range specified {span}")
    if peak > asked.true_peak:
        faults.append(f"true peak {peak:.2f} above maximum specified {asked.true_peak:g}")
    detail = "; ".join(faults) or f"measured loudness {measured:.2f} and true peak {peak:.2f} as specified"
    return {"pass": not faults, "detail": detail}
