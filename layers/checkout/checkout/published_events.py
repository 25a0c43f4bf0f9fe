"""What becomes of a record of the stream, once the bus has said what became of its event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checkout.events import Event, Told
from checkout.observability import count, log_failure, logger

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from checkout.event_bus import SqsAside


def settle(
    aside: Callable[[], SqsAside], record: Mapping[str, Any], event: Event, told: Told
) -> bool:
    """Whether it is done with: told, or put aside as one that the bus never takes.

    Hardly any is, so `aside` is made only for one that is.

    One that is not comes again, and holds up its shard until then.
    """
    match told:
        case Told.LATER:
            return False
        case Told.TAKEN:
            _tell(event, "event published")
            count("EventsPublished", type=event.type)
            return True
        case Told.REFUSED:
            return _put_aside(aside, record, event)


def _put_aside(aside: Callable[[], SqsAside], record: Mapping[str, Any], event: Event) -> bool:
    try:
        aside().put(record)
    except Exception as error:  # noqa: BLE001 - the edge of a record
        log_failure("record was not put aside", error)
        return False
    _tell(event, "event put aside")
    count("RecordsPutAside")
    return True


def _tell(event: Event, message: str) -> None:
    logger.info(
        message,
        event_type=event.type,
        event_id=event.event_id,
        merchant_id=event.key.merchant_id,
        session_id=event.key.session_id,
        transaction_id=event.transaction_id,
    )
