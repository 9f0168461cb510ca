"""The decision about refresh, and what each event makes of its state, without a thread, lock or clock."""

from dataclasses import replace
from itertools import pairwise
from math import inf
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dolbyio_nb.auth import refresh
from dolbyio_nb.auth.access_token import AccessToken
from dolbyio_nb.auth.refresh import Fail, Fetch, Serve, Wait, decide
from dolbyio_nb.auth.refresh_state import NOTHING, Age, CachedToken, RefreshState
from dolbyio_nb.errors import NotLoggedIn, TokenError, TokenRefused, TokenUnavailable

from .stage import Stage, outage, revoked, too_many

TOKEN = AccessToken("the-token-of-the-table", lifetime=1000.0, issued_at=0.0, clock=lambda: 0.0)
HELD = CachedToken(TOKEN, advisory_at=700.0, mandatory_at=965.0, expires_at=995.0, generation=1)
READY = RefreshState(cached=HELD, sent=1, sent_at=0.0)
NEVER = RefreshState()


def flying(state: RefreshState, at: float) -> RefreshState:
    """The state with a request on its way since `at`."""
    return refresh.sent(state, at)


def after(state: RefreshState, error: TokenRefused | TokenUnavailable, at: int) -> RefreshState:
    """The state in which a request that was sent and failed at `at` leaves it; the dice fall high."""
    return refresh.failed(flying(state, at), error, at, HighDice())


class HighDice(Random):
    """Falls as high as it can."""

    def uniform(self, a: Any, b: Any) -> Any:
        return b


PORTAL = TokenUnavailable("No token.", "It answered 302.")
NEW = AccessToken("the-new-token-of-the-table", lifetime=1000.0, issued_at=700.0, clock=lambda: 0.0)
RENEWED = refresh.succeeded(flying(READY, 700), NEW, 701, HighDice())
FALLEN_BACK = refresh.rejected(RENEWED, NEW, 702)
REFUSED_BOTH = refresh.rejected(refresh.rejected(RENEWED, TOKEN, 702), NEW, 703)
COPY = refresh.adopted(NEVER, TOKEN, 10, HighDice())


def stillborn(times: int) -> RefreshState:
    """The state after so many tokens that had expired when they came."""
    state = NEVER
    for moment in range(times):
        token = AccessToken("dead on arrival" * 3, lifetime=1.0, issued_at=moment)
        state = refresh.succeeded(flying(state, moment), token, moment + 1.0, HighDice())
    return state


TABLE = [
    # state, now, deadline, force, what an ask gets
    ("fresh", READY, 699.9, 730, None, Serve(TOKEN)),
    ("fresh and in flight", flying(READY, 600), 601, 631, None, Serve(TOKEN)),
    ("never had one", NEVER, 0, 30, None, Fetch()),
    ("never had one, no time", NEVER, 0, 0, None, Fetch()),
    ("first in flight", flying(NEVER, 0), 1, 30, None, Wait(30)),
    ("advisory", READY, 700, 730, None, Fetch()),
    ("advisory, in flight", flying(READY, 700), 700, 730, None, Serve(TOKEN)),
    ("advisory, backing off", after(READY, outage(), 700), 701, 731, None, Serve(TOKEN)),
    ("advisory, back-off over", after(READY, outage(), 700), 705, 735, None, Fetch()),
    ("advisory, refused", after(READY, revoked(), 700), 705, 735, None, Serve(TOKEN)),
    ("mandatory", READY, 965, 995, None, Fetch()),
    ("mandatory, in flight", flying(READY, 965), 965, 995, None, Wait(967)),
    ("mandatory, in flight for long", flying(READY, 965), 967, 997, None, Serve(TOKEN)),
    ("mandatory, late", flying(READY, 975), 975, 1005, None, Serve(TOKEN)),
    ("mandatory, backing off", after(READY, outage(), 965), 966, 996, None, Serve(TOKEN)),
    ("after a suspension", refresh.due(READY, 10), 10, 12, None, Fetch()),
    ("after a suspension, just renewed", refresh.due(READY, 0.2), 0.2, 2.2, None, Fetch()),
    ("after a suspension, in flight", flying(refresh.due(READY, 10), 10), 10, 12, None, Wait(12)),
    ("after a suspension, slow", flying(refresh.due(READY, 10), 10), 12, 14, None, Serve(TOKEN)),
    ("expired", READY, 995, 1025, None, Fetch()),
    ("expired, in flight", flying(READY, 995), 996, 1026, None, Wait(1026)),
    ("expired, outage", after(READY, outage(), 995), 996, 1026, None, Wait(1000)),
    ("expired, outage, next try", after(READY, outage(), 995), 1000, 1030, None, Fetch()),
    ("expired, a portal answered", after(READY, PORTAL, 995), 996, 1026, None, Wait(1000)),
    ("expired, outage, little time", after(READY, outage(), 995), 996, 998, None, Fail(outage())),
    ("expired, 429", after(READY, too_many(20)(), 995), 1000, 1030, None, Wait(1015)),
    ("expired, 429 for long", after(READY, too_many(120)(), 995), 1000, 1030, None, Fail(too_many(1)())),
    ("expired, 429 over", after(READY, too_many(120)(), 995), 1115, 1120, None, Fetch()),
    ("expired, refused", after(READY, revoked(), 995), 996, 1096, None, Fail(revoked())),
    ("expired, refused, a minute ago", after(READY, revoked(), 995), 1055, 1085, None, Fetch()),
    ("by hand", READY, 100, 130, 1, Fetch()),
    ("by hand, a second is not over", READY, 0.4, 30, 1, Wait(1.0)),
    ("by hand, in flight", flying(READY, 100), 101, 131, 1, Wait(131)),
    ("by hand, answered", replace(READY, cached=replace(HELD, generation=2)), 100, 130, 1, Serve(TOKEN)),
    ("by hand, failed", after(READY, outage(), 100), 100, 130, 1, Fail(outage())),
    ("by hand, failed before", after(READY, outage(), 100), 102, 130, 2, Fetch()),
    ("by hand, failed just before", after(READY, outage(), 100), 100.5, 130, 2, Wait(101)),
    ("by hand, refused before", after(READY, revoked(), 100), 101, 131, 2, Fetch()),
    ("by hand, a portal before", after(READY, PORTAL, 100), 101, 131, 2, Fetch()),
    ("by hand, 429", after(READY, too_many(20)(), 100), 110, 140, 2, Fail(too_many(1)())),
    ("by hand, 429 over", after(READY, too_many(20)(), 100), 120, 150, 2, Fetch()),
    ("by hand, no time left", flying(READY, 100), 131, 131, 1, Fail(TokenUnavailable("No token:"))),
    ("new token refused", FALLEN_BACK, 702, 732, None, Serve(TOKEN)),
    ("new token refused, 5 s later", FALLEN_BACK, 707, 737, None, Serve(NEW)),
    ("new token refused, old one too", refresh.rejected(FALLEN_BACK, TOKEN, 703), 703, 733, None, Fetch()),
    ("old token refused, then the new one", REFUSED_BOTH, 703, 733, None, Fetch()),
    ("new token refused, old one dead", refresh.rejected(RENEWED, NEW, 996), 996, 1026, None, Fetch()),
    (
        "accepted, then revoked",
        refresh.rejected(refresh.accepted(RENEWED, NEW), NEW, 703),
        703,
        733,
        None,
        Fetch(),
    ),
    ("dead when it came", stillborn(1), 1, 31, None, Fetch()),
    ("dead when it came, twice", stillborn(2), 2, 32, None, Fail(TokenUnavailable("No token: each one"))),
    (
        "forked with a request in flight",
        refresh.forked(flying(READY, 995), HighDice()),
        996,
        1026,
        None,
        Fetch(),
    ),
    ("forked, fresh", refresh.forked(READY, HighDice()), 600, 630, None, Serve(TOKEN)),
    ("a copy", COPY, 100, 130, None, Serve(TOKEN)),
    ("a copy past its end", COPY, 995, 1025, None, Fetch()),
    ("a copy that cannot renew", after(COPY, revoked(), 995), 996, 1026, None, Fail(revoked())),
    ("logged out", RefreshState(closed=True), 0, 30, None, Fail(NotLoggedIn("You are not"))),
    ("logged out, by hand", RefreshState(closed=True), 0, 30, 0, Fail(NotLoggedIn("You are not"))),
]


@pytest.mark.parametrize(
    ("state", "now", "deadline", "force", "wanted"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_what_an_ask_gets(state: Any, now: Any, deadline: Any, force: Any, wanted: Any) -> None:
    """One row: the state, the moment, when the asker gives up, by hand or not, and the decision."""
    decision = decide(state, now, deadline=deadline, force=force)
    assert type(decision) is type(wanted)
    if isinstance(wanted, Fail):
        assert type(decision.error) is type(wanted.error)  # type: ignore[union-attr]
        assert str(decision.error).startswith(str(wanted.error).splitlines()[0])  # type: ignore[union-attr]
    else:
        assert decision == wanted


def test_a_new_token_that_is_refused_gives_way_to_the_old_one_for_five_seconds() -> None:
    """It may not be known everywhere yet; afterwards it is tried again, and then it is out."""
    new = AccessToken("the-new-token-of-the-table", lifetime=1000.0, issued_at=700.0)
    state = refresh.succeeded(flying(READY, 700), new, 701, Random(0))
    assert decide(state, 701, deadline=731) == Serve(new)
    state = refresh.rejected(state, new, 702)
    assert decide(state, 702, deadline=732) == decide(state, 706.9, deadline=732) == Serve(TOKEN)
    assert refresh.rejected(state, new, 703) == state
    assert decide(state, 707, deadline=737) == Serve(new)
    refused_again = refresh.rejected(state, new, 708)
    assert decide(refused_again, 708, deadline=738) == Fetch()
    both_refused = refresh.rejected(state, TOKEN, 703)
    assert decide(both_refused, 703, deadline=733) == Fetch()


def test_tokens_that_expire_on_their_way_end_in_a_true_error() -> None:
    """One may have met a suspension; two in a row are told, with their life and how long the answer took."""
    decision = decide(stillborn(2), 2.0, deadline=30)
    assert isinstance(decision, Fail)
    assert "1 s of life, and the answer took 1.0 s" in str(decision.error)


@given(seed=st.integers(0, 99), seconds=st.floats(60, 3600))
def test_who_waits_is_served_soon_after_a_repair(seed: int, seconds: float) -> None:
    """Tries come 5 s apart at most in the first minute, no more than 20 in it, and 30 s apart afterwards."""
    state, now, tries, rng = NEVER, 0.0, [], Random(seed)
    while now < seconds:
        decision = decide(state, now, deadline=now + 1e9)
        if isinstance(decision, Fetch):
            tries.append(now)
            state = refresh.failed(flying(state, now), outage(), now + 0.01, rng)
        else:
            now = decision.until  # type: ignore[union-attr]
    gaps = [(later - earlier, earlier) for earlier, later in pairwise(tries)]
    assert all(1 <= gap <= (5 if earlier < 60 else 30) for gap, earlier in gaps)
    assert len([moment for moment in tries if moment < 60]) <= 20


class AnyState:
    """Strategies for states that events can lead to."""

    errors = st.sampled_from([outage(), revoked(), too_many(7)(), too_many(400)(), PORTAL])
    lives = st.sampled_from([0.5, 3.0, 60.0, 1800.0, 86400.0])
    event = st.one_of(
        st.tuples(st.just("success"), lives),
        st.tuples(st.just("failure"), errors),
        st.tuples(st.sampled_from(["send", "reject", "reject old", "accept", "due", "fork"]), st.none()),
    )
    events = st.lists(
        st.tuples(st.sampled_from([0.0, 0.4, 1.0, 6.0, 61.0, 700.0, 2000.0]), event), max_size=12
    )

    @staticmethod
    def happen(state: Any, now: float, kind: str, what: Any, rng: Random) -> RefreshState:
        """One event."""
        match kind:
            case "success":
                token = AccessToken(f"token-number-{state.sent}", lifetime=what, issued_at=now - 0.1)
                return refresh.succeeded(state, token, now, rng)
            case "failure":
                return refresh.failed(state, what, now, rng)
            case "send":
                return refresh.sent(state, now)
            case "reject":
                return refresh.rejected(state, state.cached.token, now)
            case "reject old":
                return refresh.rejected(state, state.previous.token, now)
            case "accept":
                return refresh.accepted(state, state.cached.token)
            case "due":
                return refresh.due(state, now)
            case "fork":
                return refresh.forked(state, rng)
        raise AssertionError(kind)


@settings(max_examples=1000)
@given(
    events=AnyState.events,
    patience=st.sampled_from([0, 2, 30]),
    by_hand=st.booleans(),
    seed=st.integers(0, 9),
)
def test_whatever_happened_the_decision_keeps_its_promises(
    events: list[tuple[float, tuple[str, float] | tuple[str, TokenError] | tuple[str, None]]],
    patience: int,
    by_hand: bool,
    seed: int,
) -> None:
    """No expired token, one request at a time and one a second, no wait beyond the deadline."""
    state, now, rng = NEVER, 100.0, Random(seed)
    for pause, (kind, what) in events:
        now += pause
        if kind in ("success", "failure"):
            state = flying(state, max(state.sent_at, now - 0.1))
        state = AnyState.happen(state, now, kind, what, rng)
        force = state.sent if by_hand else None
        decision = decide(state, now, deadline=now + patience, force=force)
        current = refresh.settled(state, now).cached
        match decision:
            case Serve(token):
                assert token is current.token
                assert now < current.expires_at
                assert not by_hand
            case Fetch():
                assert not state.in_flight
                assert now >= state.sent_at + 1
                assert not state.failure or now >= state.failure.not_before
                assert by_hand or now >= current.advisory_at
            case Wait(until):
                assert now < until
                assert until <= now + patience or current.age(now) is Age.MANDATORY
            case Fail(error):
                assert isinstance(error, TokenUnavailable | TokenRefused)
                assert by_hand or current.age(now) is Age.EXPIRED


@settings(max_examples=300)
@given(seed=st.integers(0, 99), share=st.floats(0, 1.2), wait=st.booleans())
def test_the_short_way_of_a_fresh_token_equals_the_decision(seed: int, share: float, wait: bool) -> None:
    """`token()` compares once, and asks `decide` only when that fails: both give the same."""
    stage = Stage()
    keeper = stage.keeper(seed)
    first = keeper.token()
    stage.suspend(share * first.lifetime)
    decision = decide(keeper.state, stage.now, deadline=stage.now)
    is_short = stage.now < keeper.state.cached.advisory_at
    assert is_short == (decision == Serve(first))
    assert not is_short or keeper.token() is first


def test_nothing_is_due_for_a_token_that_nobody_wants() -> None:
    """Due at its moment, if it is wanted; never, after a refusal."""
    assert refresh.due_at(READY, 10, wanted=False) == 700
    assert refresh.due_at(READY, 800, wanted=True) == 700
    assert refresh.due_at(READY, 800, wanted=False) == inf
    assert refresh.due_at(after(READY, revoked(), 700), 800, wanted=True) == inf
    assert refresh.due_at(flying(READY, 700), 701, wanted=False) == 715


def test_nothing_is_made_of_nothing() -> None:
    """A suspension, a fork and a refusal before the first token change nothing."""
    assert (
        refresh.due(NEVER, 10) == refresh.rejected(NEVER, "", 10) == refresh.forked(NEVER, Random(0)) == NEVER
    )
    assert NEVER.cached is NOTHING


def test_a_token_from_elsewhere_counts_as_one_that_was_asked_for() -> None:
    """Whoever insists on a later one than the present one takes it."""
    assert (COPY.sent, COPY.cached.generation) == (1, 1)
    later = refresh.adopted(READY, TOKEN, 10, HighDice())
    assert (later.sent, later.cached.generation) == (2, 2)
