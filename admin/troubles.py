"""What goes wrong, in one line that says what to do.

The texts of AWS are left out: they may repeat what was sent.
"""

from botocore import exceptions as botocore
from botocore.exceptions import BotoCoreError, ClientError

from admin.exits import FAILED, UNUSABLE
from checkout.errors import StoreError
from local.console import Problem

Trouble = BotoCoreError | ClientError | StoreError
TROUBLES = (BotoCoreError, ClientError, StoreError)
LOG_IN = (
    "log in (aws sso login, aws configure), set the AWS_ variables of your shell, or give --profile"
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
NOT_WE = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
BUSY = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException"})
# By the class of the error: what is wrong, and what to do.
OF_THE_SHELL: dict[type[BotoCoreError], str] = {
    botocore.ProfileNotFound: "There is no such profile: 'aws configure list-profiles' names them.",
    botocore.NoRegionError: "Which Region? Give --region, or set AWS_DEFAULT_REGION.",
    botocore.InvalidRegionError: "That is no Region: see --region.",
    botocore.NoCredentialsError: f"There are no AWS credentials: {LOG_IN}.",
    botocore.PartialCredentialsError: f"The AWS credentials are incomplete: {LOG_IN}.",
    botocore.CredentialRetrievalError: f"The AWS credentials could not be read: {LOG_IN}.",
    botocore.SSOError: f"The AWS login is over: {LOG_IN}.",
    botocore.TokenRetrievalError: f"The AWS login is over: {LOG_IN}.",
}
UNREACHED = "AWS cannot be reached ({name}): look at the network and at --region, then try again."


def problem_of(trouble: Trouble) -> Problem:
    """Exit code 2 where nothing at all can be asked, and else 1."""
    if isinstance(trouble, ClientError):
        return _refusal(trouble)
    if isinstance(trouble, StoreError):
        code = getattr(trouble, "code", type(trouble).__name__)
        return Problem(f"The table cannot be read or written ({code}): {_cure(code)}.", FAILED)
    for known, sentence in OF_THE_SHELL.items():
        if isinstance(trouble, known):
            return Problem(sentence, UNUSABLE)
    if isinstance(trouble, (botocore.HTTPClientError, botocore.ConnectionError)):
        return Problem(UNREACHED.format(name=type(trouble).__name__), UNUSABLE)
    return Problem(f"The SDK of AWS refuses the call ({type(trouble).__name__}).", FAILED)


def _refusal(trouble: ClientError) -> Problem:
    code, operation = trouble.response["Error"]["Code"], trouble.operation_name
    if code in NOT_WE:
        return Problem(f"AWS does not accept the credentials ({code}): {LOG_IN}.", UNUSABLE)
    if code in DENIED:
        return Problem(f"AWS does not allow {operation}: {_cure(code)}.", FAILED)
    return Problem(f"AWS refused {operation} ({code}): {_cure(code)}.", FAILED)


def _cure(code: str) -> str:
    if code in DENIED:
        return "docs/admin.md lists the permissions that each command needs"
    if code in BUSY:
        return "too many calls at once; try again in a minute"
    return "if it stays so, that code is what to ask AWS about"
