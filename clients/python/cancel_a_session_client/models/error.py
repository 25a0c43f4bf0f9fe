from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define

T = TypeVar("T", bound="Error")


@_attrs_define
class Error:
    """
    Attributes:
        message (str): What is wrong and what to do.
        error (str): The HTTP reason phrase.
        status_code (int):
    """

    message: str
    error: str
    status_code: int

    def to_dict(self) -> dict[str, Any]:
        message = self.message

        error = self.error

        status_code = self.status_code

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "message": message,
                "error": error,
                "statusCode": status_code,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        message = d.pop("message")

        error = d.pop("error")

        status_code = d.pop("statusCode")

        error = cls(
            message=message,
            error=error,
            status_code=status_code,
        )

        return error
