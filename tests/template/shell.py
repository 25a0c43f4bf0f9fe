"""Commands out of a shell's text: as much of a shell's grammar as the pages use."""

import re
import shlex
from collections.abc import Iterator

# What a substitution is replaced by, and a variable: a word that stands for any text.
SUBSTITUTED = "SUBSTITUTED"
SEPARATORS = {"|", "||", "&&", ";", "\n", "&"}
ASSIGNMENT = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*=")


def _end_of_substitution(text: str, start: int) -> int:
    """Where the parenthesis closes that was opened before `start`; quotes hide parentheses."""
    depth, quote, place = 1, "", start
    while depth:
        letter = text[place]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        place += 1
    return place - 1


def without_substitutions(text: str) -> tuple[str, list[str]]:
    """The text with a word for each `$(...)`, and what was in them."""
    plain, inner, place, single, double = "", [], 0, False, False
    while place < len(text):
        letter = text[place]
        if letter == "'" and not double:
            single = not single
        elif letter == '"' and not single and text[place - 1 : place] != "\\":
            double = not double
        if text.startswith("$(", place) and not single:
            end = _end_of_substitution(text, place + 2)
            inner.append(text[place + 2 : end])
            plain, place = plain + SUBSTITUTED, end + 1
            continue
        plain, place = plain + letter, place + 1
    return plain, inner


def commands(text: str) -> Iterator[list[str]]:
    """Every simple command, also those in substitutions: its words, without assignments."""
    plain, inner = without_substitutions(text.replace("\\\n", " "))
    for each in inner:
        yield from commands(each)
    lexer = shlex.shlex(plain, posix=True, punctuation_chars="|&;\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t", True, "#"
    words: list[str] = []
    for word in [*lexer, ";"]:
        if set(word) <= set("|&;\n"):
            if words:
                yield words
            words = []
        elif words or not ASSIGNMENT.match(word):
            words.append(word)
