"""How one token stays valid.

`windows`: four ages, drawn from a token's life. `policy`: when to ask again. `flight`: one request at a time.
`renewal`: the present token and how the next one comes. `worker`: the thread that renews ahead of time.
`wall`: did the computer sleep? `listeners`: who is told of it. `status`: how it is doing, in words.
`copies`: a keeper in another process. `keeper`: all of it, behind `token()`.
"""

from dolbyio_nb.keeper.keeper import TokenKeeper
from dolbyio_nb.keeper.status import KeeperStatus

__all__ = ["KeeperStatus", "TokenKeeper"]
