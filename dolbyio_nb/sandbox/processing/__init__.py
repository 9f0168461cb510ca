"""The sandbox's sound work, done for real by FFmpeg and NumPy; imported when a job needs it."""

from .dispatch import process
from .refusal import Refused

__all__ = ["Refused", "process"]
