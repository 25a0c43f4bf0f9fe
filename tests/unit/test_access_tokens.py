"""Access tokens: who waits for whom, and for how long."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from checkout.errors import CredentialsError, ProviderTrouble, ProviderUnreachableError
from checkout.providers.access_tokens import MARGIN, AccessToken, AccessTokens


class Office:
    """Gives out tokens, numbered from 1, that are good for `lifetime` seconds."""

    def __init__(self, lifetime: float = 600) -> None:
        self.given = 0
        self.lifetime = lifetime

    def fetch(self) -> AccessToken:
        self.given += 1
        return AccessToken(f"token-{self.given}", self.lifetime)


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def a_second() -> float:
    return 1.0


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def tokens(seconds: Seconds) -> AccessTokens:
    return AccessTokens(seconds)


def test_a_token_serves_until_shortly_before_its_end(
    tokens: AccessTokens, seconds: Seconds
) -> None:
    office = Office()
    for now, expected in [(0, "token-1"), (600 - MARGIN - 1, "token-1"), (600 - MARGIN, "token-2")]:
        seconds.now = now
        assert tokens.call("one", office.fetch, str, a_second) == expected


def test_a_token_of_less_life_than_the_margin_serves_once(tokens: AccessTokens) -> None:
    office = Office(lifetime=MARGIN / 2)
    found = [tokens.call("one", office.fetch, str, a_second) for _ in range(2)]
    assert found == ["token-1", "token-2"]


def test_each_owner_has_its_own(tokens: AccessTokens) -> None:
    one, other = Office(), Office()
    tokens.call("one", one.fetch, str, a_second)
    tokens.call("other", other.fetch, str, a_second)
    assert (one.given, other.given) == (1, 1)


def test_a_refused_token_is_fetched_anew_and_tried_once(tokens: AccessTokens) -> None:
    office, tried = Office(), []

    def call(token: str) -> str:
        tried.append(token)
        if token == "token-1":
            raise CredentialsError(ProviderTrouble.UNAUTHORIZED, 401)
        return token

    assert tokens.call("one", office.fetch, call, a_second) == "token-2"
    assert tokens.call("one", office.fetch, call, a_second) == "token-2"
    assert tried == ["token-1", "token-2", "token-2"]


def test_a_credential_trouble_of_another_kind_is_not_tried_again(tokens: AccessTokens) -> None:
    office = Office()

    def call(token: str) -> str:
        raise CredentialsError(ProviderTrouble.NO_CREDENTIALS)

    with pytest.raises(CredentialsError):
        tokens.call("one", office.fetch, call, a_second)
    assert office.given == 1


def test_what_was_refused_late_does_not_drop_a_newer_one(tokens: AccessTokens) -> None:
    office, refusals = Office(), iter([True, True])

    def refuse_twice(token: str) -> str:
        if token == "token-1" and next(refusals, False):
            # Another thread is refused the same token, and has fetched a new one meanwhile.
            tokens.call("one", office.fetch, refuse_twice, a_second)
            raise CredentialsError(ProviderTrouble.UNAUTHORIZED, 401)
        return token

    assert tokens.call("one", office.fetch, refuse_twice, a_second) == "token-2"
    assert office.given == 2


def test_nobody_waits_for_anothers_fetch_longer_than_its_own_time(tokens: AccessTokens) -> None:
    fetching, go_on = Event(), Event()

    def slow() -> AccessToken:
        fetching.set()
        assert go_on.wait(30)
        return AccessToken("token-1", 600)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(tokens.call, "one", slow, str, a_second)
        assert fetching.wait(30)
        with pytest.raises(ProviderUnreachableError) as raised:
            tokens.call("one", slow, str, lambda: 0.01)
        go_on.set()
        assert first.result(30) == "token-1"
    assert raised.value.code is ProviderTrouble.TIMED_OUT


def test_a_refused_token_waits_for_no_other_owners_fetch(tokens: AccessTokens) -> None:
    fetching, go_on, office = Event(), Event(), Office()

    def slow() -> AccessToken:
        fetching.set()
        assert go_on.wait(30)
        return AccessToken("slow", 600)

    def refuse_the_first(token: str) -> str:
        if token == "token-1":
            raise CredentialsError(ProviderTrouble.UNAUTHORIZED, 401)
        return token

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(tokens.call, "slow", slow, str, a_second)
        assert fetching.wait(30)
        assert tokens.call("one", office.fetch, refuse_the_first, a_second) == "token-2"
        go_on.set()
        assert other.result(30) == "slow"


def test_a_fetch_that_fails_leaves_the_next_to_try(tokens: AccessTokens) -> None:
    def failing() -> AccessToken:
        raise ProviderUnreachableError(ProviderTrouble.NO_CONNECTION)

    with pytest.raises(ProviderUnreachableError):
        tokens.call("one", failing, str, a_second)
    assert tokens.call("one", Office().fetch, str, a_second) == "token-1"
