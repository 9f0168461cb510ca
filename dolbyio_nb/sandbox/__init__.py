"""A stand-in for the Dolby.io service, to try things without an account and to test against.

`Sandbox` runs it inside your process on loopback; `python -m dolbyio_nb sandbox` runs it on its own. It
follows the published contract of the Authentication API and the Media APIs, works on sound for real, and can
be told to misbehave (`dolbyio_nb.sandbox.faults` shows how). It is not Dolby's service.
"""

from dolbyio_nb.sandbox.accounts import App
from dolbyio_nb.sandbox.jobs import JobRecord
from dolbyio_nb.sandbox.sandbox import Sandbox

__all__ = ["App", "JobRecord", "Sandbox"]
