"""`checkout-admin merchant ...`."""

import sys
from typing import Annotated

import typer
from rich.text import Text

from admin import merchants, target, terminal
from admin.exits import UNUSABLE
from admin.merchants import Registered
from admin.options import AsJson, ClientId, Profile, Region, StackName, Yes
from admin.target import Target
from checkout.timestamps import to_text
from local.console import Problem, say
from local.stack import Merchant

app = typer.Typer(no_args_is_help=True, help="The merchants of a stack: clients of its user pool.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of at most 128 letters and digits.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="sessions.read, sessions.cancel, or both, which is the default."),
]
Finish = Annotated[
    bool, typer.Option("--finish", help="Remove the older secret: the second step of a rotation.")
]


@app.command()
def create(
    name: Name,
    scope: Scopes = None,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Make a merchant, and print its id and its secret, this once."""
    there = target.find(stack, profile, region)
    scopes = merchants.scopes_named(scope or [])
    made = merchants.create(there, name, scopes)
    _show_secret(there, made, as_json, {"name": name, "scopes": scopes})


@app.command("list")
def list_them(
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """List the merchants, with what their tokens may do."""
    there = target.find(stack, profile, region)
    with terminal.walking("merchants") as tell:
        found = sorted(
            merchants.registered(there, tell), key=lambda each: (each.name, each.client_id)
        )
    if as_json:
        documents = [_document(each) for each in found]
        terminal.show_json({"stack": there.name, "merchants": documents})
        return
    if found:
        heads = ["client id", "made on", "name", "scopes"]
        terminal.show(terminal.grid([_row(each) for each in found], heads))
    say(f"{len(found)} merchant{'' if len(found) == 1 else 's'} of '{there.name}'.")


def _document(each: Registered) -> dict[str, object]:
    return {
        "clientId": each.client_id,
        "name": each.name,
        "scopes": list(each.scopes),
        "createdAt": to_text(each.created_at) if each.created_at else None,
    }


def _row(each: Registered) -> list[Text]:
    made_on = f"{each.created_at:%Y-%m-%d}" if each.created_at else ""
    return [
        terminal.cell(each.client_id),
        terminal.cell(made_on),
        terminal.cell(each.name, "bold"),
        terminal.cell(" ".join(each.scopes)),
    ]


@app.command("rotate-secret")
def rotate_secret(
    client_id: ClientId,
    finish: Finish = False,
    yes: Yes = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Give a merchant a second secret, and print it; later remove the older one, with --finish."""
    there = target.find(stack, profile, region)
    if not finish:
        _show_secret(there, merchants.add_secret(there, client_id), as_json, {})
        say(f"The older secret stays good until 'rotate-secret {client_id} --finish'.")
        return
    name = merchants.described(there, client_id).name
    _confirm(f"Remove the older secret of '{name}' ({client_id}) in '{there.name}'?", yes)
    removed = to_text(merchants.drop_old_secret(there, client_id))
    if as_json:
        terminal.show_json({"stack": there.name, "clientId": client_id, "removedSecretOf": removed})
    else:
        say(f"The secret of {removed} is removed; the newer one is the only one.")


@app.command()
def delete(
    client_id: ClientId,
    yes: Yes = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Delete a merchant. Its sessions stay, and what is pending is still driven to its end."""
    there = target.find(stack, profile, region)
    name = merchants.described(there, client_id).name
    _confirm(
        f"Delete the merchant '{name}' ({client_id}) of '{there.name}'? It gets no token any more;"
        " those that it has are good for up to an hour.",
        yes,
    )
    merchants.delete(there, client_id)
    if as_json:
        terminal.show_json({"stack": there.name, "clientId": client_id, "deleted": True})
    else:
        say(f"'{name}' ({client_id}) is deleted.")


def _show_secret(there: Target, made: Merchant, as_json: bool, more: dict[str, object]) -> None:
    facts = {"clientId": made.client_id, "clientSecret": made.client_secret}
    document = {"stack": there.name, **facts, "tokenUrl": there.stack.token_url, **more}
    if as_json:
        terminal.show_json(document)
        return
    rows = [
        [terminal.cell(name), terminal.cell(value)]
        for name, value in (
            ("client id", made.client_id),
            ("client secret", made.client_secret),
            ("token URL", there.stack.token_url),
        )
    ]
    terminal.show(terminal.grid(rows))
    say("Keep the secret now: it is not shown again.")


def _confirm(question: str, yes: bool) -> None:
    """Raises Problem (exit code 2): there is nobody to ask. Raises Abort: no was said."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Problem("There is nobody to ask here: say --yes.", UNUSABLE)
    typer.confirm(terminal.clean(question), abort=True, err=True)
