"""What a merchant may ask about a session's id: on every route, and in every way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from checkout.ids import RANDOM_BYTES, uuid7
from checkout.timestamps import from_millis
from tests.tenancy.sessions import SCENES, Scene

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

READ = "/v1/checkout/session/{id}"
CANCEL = "/v1/checkout/session/cancel"
# What is made of an id. All but the first are refused, whoever has a session of that id.
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda session_id: session_id,
    "with a capital": lambda session_id: session_id[:-1] + "A",
    "of version 4": lambda session_id: f"{session_id[:14]}4{session_id[15:]}",
    "cut off": lambda session_id: session_id[:-1],
    "with a sort key": lambda session_id: session_id + "%23SESSION",
    "twice": lambda session_id: session_id * 2,
}
# What a cache, a proxy or a careless handler would listen to; `{owner}` has sessions of its own.
HEADERS: dict[str, str] = {
    "If-None-Match": "*",
    "If-Match": "*",
    "If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT",
    "If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT",
    "Range": "bytes=0-9",
    "Accept": "text/html",
    "X-HTTP-Method-Override": "DELETE",
    "X-Merchant-Id": "{owner}",
    "Client-Id": "{owner}",
}
ROUTED = ("GET", "POST")
# What the gateway answers by itself.
UNROUTED = ("PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
LAST_MILLI = 4_102_444_800_000  # the year 2100
# The digits behind the version and the variant.
FIRST_RANDOM, LAST_RANDOM = 24, 35


@dataclass(frozen=True)
class Asked:
    """A request, ready to be sent. `session_id` is what its path has, if it has one."""

    method: str
    session_id: str
    headers: dict[str, str]
    body: str | None

    @property
    def path(self) -> str:
        return CANCEL if self.method == "POST" else READ.format(id=self.session_id)


@dataclass(frozen=True)
class Question:
    """A request but for its id. `key` is an Idempotency-Key, or whose it is."""

    method: str
    form: str = "as it is"
    reason: str | None = None
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def about(self, session_id: str, owner: str, keys: Mapping[str, str]) -> Asked:
        """`keys` are those that were used before, by their users."""
        wanted = FORMS[self.form](session_id)
        headers = {name: value.format(owner=owner) for name, value in self.headers.items()}
        if self.key:
            headers["Idempotency-Key"] = keys.get(self.key, self.key)
        if self.method != "POST":
            return Asked(self.method, wanted, headers, None)
        body: dict[str, Any] = {"sessionId": wanted}
        if self.reason is not None:
            body["reason"] = self.reason
        headers["Content-Type"] = "application/json"
        return Asked("POST", wanted, headers, json.dumps(body))

    @property
    def is_about_a_session(self) -> bool:
        """Well formed, of a route that exists, and under no key that means something else."""
        return self.form == "as it is" and self.method in ROUTED and self.key in ("", OWNERS)


OWNERS, ASKERS, NO_KEY = "the owner's", "the asker's", "no UUID at all"


def questions(methods: Sequence[str]) -> st.SearchStrategy[Question]:
    """The later ones of each list are rarer."""
    return st.builds(
        Question,
        st.sampled_from([*ROUTED * 2, *methods]),
        st.sampled_from(["as it is"] * len(FORMS) + list(FORMS)),
        st.none() | st.text("abc #\u00e9", min_size=1, max_size=9),
        st.sampled_from(["", "", OWNERS, OWNERS, ASKERS, NO_KEY]) | st.uuids(version=4).map(str),
        st.lists(st.sampled_from(list(HEADERS)), unique=True, max_size=3).map(
            lambda names: {name: HEADERS[name] for name in names}
        ),
    )


@dataclass(frozen=True)
class Unknown:
    """An id of version 7 that no session has: any, or a real one with another digit."""

    millis: int
    random: bytes
    place: int | None

    def beside(self, real: str) -> str:
        if self.place is None:
            return uuid7(from_millis(self.millis), self.random)
        other = f"{int(real[self.place], 16) ^ 1:x}"
        return real[: self.place] + other + real[self.place + 1 :]


UNKNOWN = st.builds(
    Unknown,
    st.integers(0, LAST_MILLI),
    st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES),
    st.none() | st.integers(FIRST_RANDOM, LAST_RANDOM),
)


@dataclass(frozen=True)
class Trial:
    """A question about a session of `owner`, one of two, and about none; one of them first."""

    owner: int
    scene: Scene
    question: Question
    unknown: Unknown
    theirs_first: bool

    def ids(self, real: str) -> list[str]:
        both = [real, self.unknown.beside(real)]
        return both if self.theirs_first else both[::-1]


def trials(methods: Sequence[str]) -> st.SearchStrategy[Trial]:
    return st.builds(Trial, st.integers(0, 1), SCENES, questions(methods), UNKNOWN, st.booleans())
