"""Log in to Dolby.io from a notebook, and explore sound with its Media APIs."""

__version__ = "0.1.0"
