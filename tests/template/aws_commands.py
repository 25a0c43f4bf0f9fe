"""The AWS CLI's commands as AWS describes them: the operation, its options, their forms."""

import json
import re
from functools import cache
from typing import Any

import botocore.session
import jmespath
from botocore import xform_name
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

from tests.template.shell import SUBSTITUTED

# What only a shell knows, and what stands for it: as long as an ARN.
VARIABLE = re.compile(rf"\$\w+|{SUBSTITUTED}")
STAND_IN = "x" * 40
# Of every command.
GLOBAL = {"--output", "--region", "--profile"}
OUTPUTS = {"json", "text", "table", "yaml"}
# No operation, but a command of the CLI's own: its options, and how many words it takes.
OWN = {("s3", "cp"): ({"--recursive"}, 2)}


@cache
def _operations(service: str) -> dict[str, OperationModel]:
    """Raises botocore's UnknownServiceError."""
    model = botocore.session.get_session().get_service_model(service)
    names = model.operation_names
    return {xform_name(name, "-"): model.operation_model(name) for name in names}


def _given(words: list[str]) -> dict[str, list[str]]:
    """The values of each option."""
    found: dict[str, list[str]] = {}
    values: list[str] | None = None
    for word in words:
        if word.startswith("--"):
            assert word not in found, f"{word} twice"
            values = found.setdefault(word, [])
        else:
            assert values is not None, f"'{word}' is no option"
            values.append(word)
    return found


def _value(shape: Shape, given: list[str]) -> Any:
    words = [STAND_IN if VARIABLE.fullmatch(word) else word for word in given]
    if shape.type_name == "boolean":
        assert words == []
        return True
    if len(words) == 1 and words[0].startswith(("{", "[")) and shape.type_name != "string":
        return json.loads(words[0])
    if shape.type_name == "list":
        return words
    (word,) = words
    return int(word) if shape.type_name in ("integer", "long") else word


def parsed(words: list[str]) -> tuple[str, str, dict[str, Any]]:
    """`dynamodb`, `Query` and its parameters, of the words behind `aws`.

    Raises AssertionError, or ValueError: AWS has no such command, or not with these options.
    """
    service, command, *rest = words
    assert command in _operations(service), f"aws {service} has no {command}"
    operation = _operations(service)[command]
    members = operation.input_shape.members if operation.input_shape else {}
    names = {f"--{xform_name(name, '-')}": name for name in members}
    params: dict[str, Any] = {}
    for option, values in _given(rest).items():
        if option == "--query":
            jmespath.compile(*values)
        elif option == "--output":
            assert values[0] in OUTPUTS
        elif option not in GLOBAL:
            name = names.get(option) or names.get(option.replace("--no-", "--", 1))
            assert name, f"aws {service} {command} has no {option}"
            value = _value(members[name], values)
            params[name] = value if option in names else False
    if operation.input_shape:
        report = ParamValidator().validate(params, operation.input_shape)
        assert not report.has_errors(), report.generate_report()
    return service, operation.name, params


def check(words: list[str]) -> None:
    """Raises as `parsed` does."""
    own = OWN.get((words[0], words[1]))
    if own is None:
        parsed(words)
        return
    options, count = own
    given = words[2:]
    assert {each for each in given if each.startswith("--")} <= options
    assert len([each for each in given if not each.startswith("--")]) == count
