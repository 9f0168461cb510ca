"""Starting a job: what is on this computer is sent first, then the service is asked once."""

from collections.abc import Sequence

from dolbyio_nb.media.api import Api
from dolbyio_nb.media.bodies import Options, callback, given
from dolbyio_nb.media.finishing import Order
from dolbyio_nb.media.jobs import Job
from dolbyio_nb.media.locations import Location, Source, new_input
from dolbyio_nb.media.pace import Pace
from dolbyio_nb.media.places import Destination, Input, Target, choose_target, read_input
from dolbyio_nb.media.transfer import Storage


class Starter:
    """Starts jobs over one API."""

    def __init__(self, api: Api, storage: Storage, pace: Pace) -> None:
        self._api, self._storage, self._pace = api, storage, pace

    def _report(
        self,
        path: str,
        source: Source,
        output: Destination | None,
        on_complete: str | Options | None,
        options: Options,
    ) -> Job:
        read = read_input(source)
        target = choose_target(output, read, ".json")
        body = given(input=self._sent(read), output=target.location, on_complete=callback(on_complete))
        return self._start(path, read, [target], body | dict(options))

    def _sent(self, read: Input) -> Location:
        """Give a location the service can read, after sending what is on this computer."""
        if read.content is None:
            return read.location
        address = new_input(read.content.name)
        self._storage.upload(read.content, address)
        return address

    def _start(self, path: str, read: Input, targets: Sequence[Target], body: Options) -> Job:
        order = Order(path, read.path, read.name, tuple(targets))
        return Job(self._api, self._storage, order, self._api.start(path, dict(body)), self._pace)
