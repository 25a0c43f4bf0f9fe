"""The exit codes of every command, as docs/admin.md tells them."""

DONE = 0
FAILED = 1  # not, or not all, could be done
UNUSABLE = 2  # wrong use, or a stack that cannot be used: none is running, no credentials
NOT_FOUND = 3  # no such session, no such merchant
IMPOSSIBLE = 4  # this stack cannot do it
