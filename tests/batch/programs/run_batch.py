"""Run a batch in a process of its own: operation, sources, output."""

import os
import sys
from dataclasses import replace

from dolbyio_nb.auth.bearer import BearerAuth
from dolbyio_nb.auth.credentials import AppCredentials
from dolbyio_nb.auth.keeper import TokenKeeper
from dolbyio_nb.auth.token_request import TokenRequest
from dolbyio_nb.http.retry import POLL
from dolbyio_nb.http.session import open_session
from dolbyio_nb.media import Media
from dolbyio_nb.media.polling import PollSchedule

key, secret, origin = (os.environ[name] for name in ("TEST_KEY", "TEST_SECRET", "TEST_ORIGIN"))
request = TokenRequest(AppCredentials(key, secret, "the test"), origin)
auth = BearerAuth(TokenKeeper(request, identity=request.identity), (origin,))
schedule = PollSchedule(replace(POLL, first_pause=0.01, longest_pause=0.05))
media = Media(open_session(auth), origin, schedule=schedule)
batch = media.batch(sys.argv[2], sys.argv[1], uploads=4, in_flight=8, output=sys.argv[3] or None)
print("begun", flush=True)
batch.run()
print(batch.tally().line, flush=True)
