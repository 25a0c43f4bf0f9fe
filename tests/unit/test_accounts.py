"""The secrets of accounts: read once for all, kept for a while, read anew when refused."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier, Event
from typing import Any, ClassVar

import pytest

from checkout.errors import (
    CredentialsError,
    ProviderFailedError,
    ProviderTrouble,
    SignatureError,
)
from checkout.providers.accounts import (
    FAILURE_KEPT_FOR,
    KEPT_FOR,
    LONGEST_UNREAD,
    MOST_KEPT,
    Accounts,
    AccountSecret,
    Keeping,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankSecret(AccountSecret):
    HOSTS: ClassVar = {"sandbox": "https://test.bank", "live": "https://{prefix}.bank"}

    api_key: str
    old_keys: tuple[str, ...] = ()


class Vault:
    """Secrets by name, and what was read; `broken` is raised instead."""

    def __init__(self, **secrets: Any) -> None:
        self.secrets = secrets
        self.reads: list[str] = []
        self.broken = False

    def read(self, name: str) -> str:
        self.reads.append(name)
        if self.broken:
            raise CredentialsError(ProviderTrouble.CREDENTIALS_UNREADABLE)
        account = name.removeprefix("stack/bank/")
        if account not in self.secrets:
            raise CredentialsError(ProviderTrouble.NO_CREDENTIALS)
        found = self.secrets[account]
        return found if isinstance(found, str) else json.dumps(found)


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


GOOD = {"environment": "sandbox", "apiKey": "key-1"}


@pytest.fixture(autouse=True)
def namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CancelASession")


@pytest.fixture
def vault() -> Vault:
    return Vault(one=GOOD)


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def accounts(vault: Vault, seconds: Seconds) -> Accounts[BankSecret]:
    return Accounts(vault, "stack/bank/", BankSecret, seconds)


def trouble(accounts: Accounts[BankSecret], account: str) -> ProviderTrouble:
    with pytest.raises(CredentialsError) as raised:
        accounts.secret_of(account)
    return raised.value.code


def test_a_secret_is_read_by_its_name_and_kept_for_its_time(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    for _ in range(3):
        assert accounts.secret_of("one").api_key == "key-1"
    assert vault.reads == ["stack/bank/one"]
    seconds.now += KEPT_FOR - 1
    accounts.secret_of("one")
    assert len(vault.reads) == 1
    vault.secrets["one"] = {**GOOD, "apiKey": "key-2"}
    seconds.now += 1
    assert accounts.secret_of("one").api_key == "key-2"


def test_many_threads_make_one_look_up(accounts: Accounts[BankSecret], vault: Vault) -> None:
    ready = Barrier(20)

    def ask(_: int) -> str:
        ready.wait()
        return accounts.secret_of("one").api_key

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(20))) == {"key-1"}
    assert len(vault.reads) == 1


def test_an_account_that_does_not_exist_is_looked_for_again_after_a_moment(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    assert trouble(accounts, "two") is ProviderTrouble.NO_CREDENTIALS
    vault.secrets["two"] = GOOD
    assert trouble(accounts, "two") is ProviderTrouble.NO_CREDENTIALS
    assert len(vault.reads) == 1
    seconds.now += FAILURE_KEPT_FOR
    assert accounts.secret_of("two").api_key == "key-1"


def test_how_long_is_kept_what_there_is_and_what_there_is_not_can_be_said(
    vault: Vault, seconds: Seconds
) -> None:
    told: list[ProviderTrouble] = []
    keeping = Keeping(re.compile(r"[a-z/]+"), kept_for=60, absent_for=40, unreadable=told.append)
    accounts = Accounts(vault, "stack/bank/", BankSecret, seconds, keeping)
    vault.secrets["three"] = "not JSON"
    for at, reads in ((0, 3), (4, 3), (6, 4), (39, 5), (41, 6), (59, 7), (61, 8)):
        seconds.now = 1000.0 + at
        assert accounts.secret_of("one").api_key == "key-1"
        assert trouble(accounts, "a/b") is ProviderTrouble.NO_CREDENTIALS
        assert trouble(accounts, "three") is ProviderTrouble.CREDENTIALS_UNREADABLE
        assert len(vault.reads) == reads, at
    assert set(told) == {ProviderTrouble.CREDENTIALS_UNREADABLE}
    assert len(told) == vault.reads.count("stack/bank/three")
    assert trouble(accounts, "A") is ProviderTrouble.NO_CREDENTIALS
    assert "stack/bank/A" not in vault.reads


@pytest.mark.parametrize("name", ["", ".", "-a", "../one", "a/b", "a b", "ä", "a\n", "a" * 65])
def test_a_name_that_no_account_can_have_is_not_even_looked_for(
    accounts: Accounts[BankSecret], vault: Vault, name: str
) -> None:
    assert trouble(accounts, name) is ProviderTrouble.NO_CREDENTIALS
    assert vault.reads == []


def test_names_that_strangers_make_up_do_not_fill_the_memory(
    accounts: Accounts[BankSecret], vault: Vault
) -> None:
    for number in range(MOST_KEPT + 10):
        trouble(accounts, f"made-up-{number}")
    assert len(accounts._accounts) <= MOST_KEPT


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "key-1",
        "[]",
        {"apiKey": "key-1"},
        {**GOOD, "environment": "production"},
        {**GOOD, "environment": "live"},
        {**GOOD, "environment": "live", "prefix": "evil.example/"},
        {"environment": "sandbox"},
        {**GOOD, "apiKey": ""},
        {**GOOD, "apiKey": 1},
        {**GOOD, "oldKeys": "key-0"},
        {**GOOD, "oldKeys": [0]},
        {**GOOD, "oldKeys": [""]},
        {**GOOD, "oldKeys": [" "]},
        {**GOOD, "apiKey": "key-1\n"},
        {**GOOD, "apiKey": "key\u20131"},
    ],
)
def test_a_secret_of_another_form_is_unreadable_and_not_told(
    accounts: Accounts[BankSecret], vault: Vault, secret: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    vault.secrets["one"] = secret
    assert trouble(accounts, "one") is ProviderTrouble.CREDENTIALS_UNREADABLE
    printed = capsys.readouterr().out
    assert '"kind":"CREDENTIALS_UNREADABLE"' in printed
    assert "key-1" not in printed


def test_every_field_and_the_host_come_from_the_secret() -> None:
    whole = {**GOOD, "oldKeys": ["a", "b"], "unheardOf": 1}
    secret = BankSecret.parse(json.dumps(whole))
    assert (secret.old_keys, secret.host) == (("a", "b"), "https://test.bank")
    live = BankSecret.parse(json.dumps({**GOOD, "environment": "live", "prefix": "shop"}))
    assert live.host == "https://shop.bank"
    double = BankSecret.parse(json.dumps({"apiKey": "k", "baseUrl": "http://127.0.0.1:1/"}))
    assert double.host == "http://127.0.0.1:1"


def refusing(*refused: str) -> Any:
    """A call that the provider refuses with one of these keys."""

    def call(secret: BankSecret) -> str:
        if secret.api_key in refused:
            raise CredentialsError(ProviderTrouble.UNAUTHORIZED, 401)
        return secret.api_key

    return call


def test_a_refused_secret_is_read_anew_and_tried_once_if_it_has_changed(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    assert accounts.call("one", refusing()) == "key-1"
    vault.secrets["one"] = {**GOOD, "apiKey": "key-2"}
    seconds.now += FAILURE_KEPT_FOR
    assert accounts.call("one", refusing("key-1")) == "key-2"
    assert len(vault.reads) == 2
    vault.secrets["one"] = {**GOOD, "apiKey": "key-3"}
    seconds.now += FAILURE_KEPT_FOR
    with pytest.raises(CredentialsError):
        accounts.call("one", refusing("key-2", "key-3"))


def test_a_secret_that_stays_wrong_is_not_read_for_each_refusal(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    for _ in range(40):
        with pytest.raises(CredentialsError):
            accounts.call("one", refusing("key-1"))
    assert len(vault.reads) == 1
    seconds.now += FAILURE_KEPT_FOR
    with pytest.raises(CredentialsError):
        accounts.call("one", refusing("key-1"))
    assert len(vault.reads) == 2


def test_a_signature_that_does_not_fit_has_the_secret_read_anew(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    def verify(secret: BankSecret) -> str:
        if "new" not in secret.old_keys:
            raise SignatureError
        return "verified"

    with pytest.raises(SignatureError):
        accounts.call("one", verify)
    vault.secrets["one"] = {**GOOD, "oldKeys": ["new"]}
    seconds.now += FAILURE_KEPT_FOR
    assert accounts.call("one", verify) == "verified"


def test_nobody_waits_for_another_accounts_look_up_or_endlessly_for_its_own(
    seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout.providers.accounts.LOOK_UP_LIMIT", 0.05)
    vault, reading, go_on = Vault(slow=GOOD, quick=GOOD), Event(), Event()
    read = vault.read

    def slow_read(name: str) -> str:
        if name.endswith("slow"):
            reading.set()
            assert go_on.wait(30)
        return read(name)

    vault.read = slow_read  # type: ignore[method-assign]
    accounts = Accounts(vault, "stack/bank/", BankSecret, seconds)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(accounts.secret_of, "slow")
        assert reading.wait(30)
        assert accounts.secret_of("quick").api_key == "key-1"
        assert trouble(accounts, "slow") is ProviderTrouble.CREDENTIALS_UNREADABLE
        go_on.set()
        assert first.result(30).api_key == "key-1"


def test_while_the_vault_fails_what_it_gave_before_is_used(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    accounts.secret_of("one")
    seconds.now += KEPT_FOR
    vault.broken = True
    for _ in range(2):
        assert accounts.secret_of("one").api_key == "key-1"
    assert len(vault.reads) == 2
    vault.broken, vault.secrets["one"] = False, {**GOOD, "apiKey": "key-2"}
    seconds.now += FAILURE_KEPT_FOR
    assert accounts.secret_of("one").api_key == "key-2"


def test_but_not_for_ever(accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds) -> None:
    accounts.secret_of("one")
    vault.broken = True
    seconds.now += LONGEST_UNREAD
    assert accounts.secret_of("one").api_key == "key-1"
    seconds.now += FAILURE_KEPT_FOR + 1
    assert trouble(accounts, "one") is ProviderTrouble.CREDENTIALS_UNREADABLE


def test_while_the_vault_fails_refusals_are_no_flood_of_look_ups(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    accounts.secret_of("one")
    seconds.now += KEPT_FOR
    vault.broken = True
    for _ in range(20):
        with pytest.raises(CredentialsError):
            accounts.call("one", refusing("key-1"))
    assert len(vault.reads) == 2


def test_a_secret_that_has_become_malformed_is_used_no_more(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    accounts.secret_of("one")
    seconds.now += KEPT_FOR
    vault.secrets["one"] = "no JSON"
    assert trouble(accounts, "one") is ProviderTrouble.CREDENTIALS_UNREADABLE


def test_names_that_strangers_make_up_put_out_no_good_secret(
    accounts: Accounts[BankSecret], vault: Vault
) -> None:
    accounts.secret_of("one")
    for number in range(MOST_KEPT + 10):
        trouble(accounts, f"made-up-{number}")
    accounts.secret_of("one")
    assert vault.reads.count("stack/bank/one") == 1


def test_a_secret_that_was_deleted_is_used_no_more(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    accounts.secret_of("one")
    seconds.now += KEPT_FOR
    del vault.secrets["one"]
    assert trouble(accounts, "one") is ProviderTrouble.NO_CREDENTIALS


def test_who_need_not_wait_for_a_slow_look_up_uses_what_was_read_before(
    seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("checkout.providers.accounts.LOOK_UP_LIMIT", 0.05)
    vault, reading, go_on = Vault(one=GOOD), Event(), Event()
    read = vault.read

    def slow_read(name: str) -> str:
        reading.set()
        assert go_on.wait(30)
        return read(name)

    accounts = Accounts(vault, "stack/bank/", BankSecret, seconds)
    accounts.secret_of("one")
    seconds.now += KEPT_FOR
    vault.read = slow_read  # type: ignore[method-assign]
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(accounts.secret_of, "one")
        assert reading.wait(30)
        assert accounts.secret_of("one").api_key == "key-1"
        go_on.set()
        assert first.result(30).api_key == "key-1"


def test_a_vault_that_fails_then_leaves_it_refused(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    accounts.secret_of("one")
    seconds.now += FAILURE_KEPT_FOR
    vault.broken = True
    with pytest.raises(CredentialsError):
        accounts.call("one", refusing("key-1"))


def test_other_trouble_is_not_tried_again(
    accounts: Accounts[BankSecret], vault: Vault, seconds: Seconds
) -> None:
    calls: list[str] = []

    def call(secret: BankSecret) -> str:
        calls.append(secret.api_key)
        raise ProviderFailedError(ProviderTrouble.SERVER_ERROR, 500)

    seconds.now += FAILURE_KEPT_FOR
    with pytest.raises(ProviderFailedError):
        accounts.call("one", call)
    assert calls == ["key-1"]
