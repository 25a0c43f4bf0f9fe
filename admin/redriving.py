"""What `checkout-admin redrive` says of a run."""

from checkout.redrive import Redriven


def summary(done: Redriven, *, asked_for_all: bool) -> str:
    if not (done.messages or asked_for_all):
        return "The queue is empty: nothing to do. With --all every waiting session is looked at."
    looked_at = (
        f"waiting sessions looked at: {done.looked_at}; of these completed: {done.completed}"
    )
    said = [f"Messages: {done.messages}; {looked_at}."]
    if done.settled:
        said.append(f"Paid after the cancellation, and not told of before: {done.settled}.")
    if done.unread:
        said.append(f"Could not be looked at: {done.unread}. The messages stay in the queue.")
    elif done.more:
        said.append("There may be more messages: run it again.")
    return " ".join(said)


def as_document(stack: str, done: Redriven) -> dict[str, object]:
    return {
        "stack": stack,
        "messages": done.messages,
        "lookedAt": done.looked_at,
        "completed": done.completed,
        "settled": done.settled,
        "unread": done.unread,
        "more": done.more,
    }
