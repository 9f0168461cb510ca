"""Many files: one operation for a folder, kept in a journal, on threads or on an executor of your own."""

from dolbyio_nb.batch.batch import Batch
from dolbyio_nb.batch.item import Item, State

__all__ = ["Batch", "Item", "State"]
