"""`make console STAGE=`: the console's files, and where it signs in, to a deployed stack's bucket.

What needs an account is the upload itself, and so has been tried against a stand-in for S3 only.
"""

import json
import sys

from local import remote
from local.console import Problem, run, say
from local.console_pages import FILES, TYPES, sign_in_config
from local.deploy import outputs
from local.stack import Stack
from local.to_aws import stack_name

# CloudFront looks for a newer one after a second: nothing has to be invalidated.
FRESH = "no-cache"
INDEX = "index.html"


def upload(stack: Stack, bucket: str) -> list[str]:
    """The names of what is there now. Whatever else was in the bucket stays.

    The page that names the others comes last, so that it never names what is not there yet.
    """
    config = sign_in_config(stack, f"{stack.operators_url}/oauth2/token")
    _put(stack, bucket, "config.json", json.dumps(config, indent=2).encode())
    files = [each for each in FILES.rglob("*") if each.is_file() and each.suffix in TYPES]
    names = sorted((each.relative_to(FILES).as_posix() for each in files), key=_last_is_the_index)
    for name in names:
        _put(stack, bucket, name, (FILES / name).read_bytes())
    return ["config.json", *names]


def _last_is_the_index(name: str) -> tuple[bool, str]:
    return name == INDEX, name


def _put(stack: Stack, bucket: str, name: str, content: bytes) -> None:
    kind = TYPES[f".{name.rpartition('.')[2]}"]
    stack.aws.storage.put_object(
        Bucket=bucket, Key=name, Body=content, ContentType=kind, CacheControl=FRESH
    )


def main() -> None:
    name = stack_name(sys.argv[1])
    stack = remote.named(name)
    bucket = outputs(stack.aws, name).get("ConsoleBucketName")
    if not bucket:
        raise Problem(f"'{name}' has no console: make deploy with PARAMETERS='Console=true'.")
    if not (FILES / INDEX).is_file():
        raise Problem(f"There is no {FILES / INDEX}.")
    for each in upload(stack, bucket):
        say(f"  {each}")
    say(f"The console is at {stack.console_url}")


if __name__ == "__main__":
    run(main)
