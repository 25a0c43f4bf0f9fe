"""The commands, put together."""

import typer

from admin import (
    merchant_commands,
    relist_command,
    republish_command,
    session_commands,
    waiting_commands,
)

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="For the operators of Cancel a Session, on the local stack or with --stack on AWS.",
    epilog="Exit codes: 0 done, 1 not (all) done, 2 wrong use or no such stack, 3 no such session"
    " or merchant, 4 not possible on this stack.",
)
app.add_typer(merchant_commands.app, name="merchant")
session_commands.app.command()(republish_command.republish)
session_commands.app.command()(relist_command.relist)
app.add_typer(session_commands.app, name="session")
app.command()(waiting_commands.pending)
app.command()(waiting_commands.redrive)
