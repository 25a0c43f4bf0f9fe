"""The library that the console ships is that of its npm package, byte for byte."""

import json

import pytest

from local.console import Problem
from local.console_library import FILES, LIST, PLACE, listed, package


def test_each_file_is_that_of_the_package() -> None:
    try:
        source = package()
    except Problem as problem:
        pytest.fail(str(problem), pytrace=False)
    for name, theirs in FILES.items():
        assert (PLACE / name).read_bytes() == (source / theirs).read_bytes()
    assert json.loads((PLACE / LIST).read_text()) == listed(source)
