"""The options that every command has."""

from typing import Annotated

import typer

StackName = Annotated[
    str | None,
    typer.Option(
        "--stack", metavar="NAME", help="A stack on AWS; the running local one if not given."
    ),
]
Profile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="With --stack: the profile of the AWS CLI."),
]
Region = Annotated[
    str | None, typer.Option("--region", metavar="NAME", help="With --stack: its Region.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ClientId = Annotated[
    str, typer.Argument(metavar="CLIENT_ID", help="The merchant's id.", show_default=False)
]
MerchantId = Annotated[str, typer.Argument(metavar="MERCHANT", help="The merchant's client id.")]
SessionId = Annotated[str, typer.Argument(metavar="SESSION", help="The session's id.")]
# Of a command that is about one session, or about many.
MaybeMerchantId = Annotated[
    str | None, typer.Argument(metavar="MERCHANT", help="The merchant's client id.")
]
MaybeSessionId = Annotated[str | None, typer.Argument(metavar="SESSION", help="The session's id.")]
OfMerchant = Annotated[
    str | None, typer.Option("--merchant", metavar="MERCHANT", help="Of many: this merchant's.")
]
