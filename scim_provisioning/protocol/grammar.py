"""The grammar of filters and paths (RFC 7644 section 3.4.2.2 and 3.5.2, errata applied).

One parser for both: a filter, a PATCH path, and the names in ``sortBy`` and
``attributes``. Length, depth and number of terms are checked while parsing.
"""

from __future__ import annotations

from json import dumps
from typing import assert_never

from . import tokens
from .errors import InvalidFilter, InvalidPath
from .tree import (
    And,
    AttributePath,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    PatchPath,
    Present,
    ValuePath,
)

OPERATORS = {operator.value: operator for operator in Operator}


def parse_filter(
    text: str, *, max_length: int = 10_000, max_depth: int = 50, max_terms: int = 200
) -> Filter:
    """Return the tree of a filter; raise InvalidFilter, telling where it goes wrong."""
    if len(text) > max_length:
        raise InvalidFilter(f"The filter is longer than {max_length} characters.")
    try:
        return _Parser(text, max_depth, max_terms).whole_filter()
    except ValueError as error:
        raise InvalidFilter(f"The filter {error}.") from None


def parse_path(
    text: str, *, max_length: int = 10_000, max_depth: int = 50, max_terms: int = 200
) -> PatchPath:
    """Return a PATCH path; raise InvalidPath."""
    if len(text) > max_length:
        raise InvalidPath(f"The path is longer than {max_length} characters.")
    try:
        return _Parser(text, max_depth, max_terms).whole_path()
    except ValueError as error:
        raise InvalidPath(f"The path {error}.") from None


def parse_attribute(text: str) -> AttributePath:
    """Return the attribute that a name stands for; raise InvalidPath."""
    try:
        return tokens.attribute_path(text.strip())
    except ValueError as error:
        raise InvalidPath(f"The name {error}.") from None


class _Parser:
    """Recursive descent; every method leaves the position behind what it read."""

    def __init__(self, text: str, max_depth: int, max_terms: int) -> None:
        self.tokens = tokens.split(text)
        self.at = 0
        self.depth = max_depth
        self.terms = max_terms

    def whole_filter(self) -> Filter:
        node = self._or(within=False)
        self._end()
        return node

    def whole_path(self) -> PatchPath:
        path = tokens.attribute_path(self._take("word").text)
        if not self._sign("["):
            self._end()
            return PatchPath(path)
        inner = self._bracket(path)
        sub = None
        if self._peek().kind == "dotted":
            sub = self._next().text[1:]
        self._end()
        return PatchPath(AttributePath(path.name, sub, path.urn), inner)

    def _peek(self) -> tokens.Token:
        return self.tokens[self.at]

    def _next(self) -> tokens.Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def _take(self, kind: str) -> tokens.Token:
        token = self._peek()
        if token.kind != kind:
            raise ValueError(f"misses an attribute at position {token.at + 1}")
        return self._next()

    def _sign(self, sign: str) -> bool:
        if self._peek().kind == "sign" and self._peek().text == sign:
            self.at += 1
            return True
        return False

    def _word(self, word: str) -> bool:
        token = self._peek()
        if token.kind == "word" and token.text.lower() == word:
            self.at += 1
            return True
        return False

    def _close(self, sign: str) -> None:
        if not self._sign(sign):
            raise ValueError(f"misses {sign} at position {self._peek().at + 1}")

    def _end(self) -> None:
        if self._peek().kind != "end":
            raise ValueError(f"goes on unexpectedly at position {self._peek().at + 1}")

    def _or(self, *, within: bool) -> Filter:
        operands = [self._and(within=within)]
        while self._word("or"):
            operands.append(self._and(within=within))
        return operands[0] if len(operands) == 1 else Or(_flat(Or, operands))

    def _and(self, *, within: bool) -> Filter:
        operands = [self._operand(within=within)]
        while self._word("and"):
            operands.append(self._operand(within=within))
        return operands[0] if len(operands) == 1 else And(_flat(And, operands))

    def _operand(self, *, within: bool) -> Filter:
        if self._is_not():
            self.at += 1
            return Not(self._group(within=within))
        if self._peek().text == "(" and self._peek().kind == "sign":
            return self._group(within=within)
        return self._term(within=within)

    def _is_not(self) -> bool:
        """``not`` is a word of the grammar only before a parenthesis: it may be a name too."""
        token = self._peek()
        if token.kind != "word" or token.text.lower() != "not":
            return False
        # A word is never the last token: the end is.
        following = self.tokens[self.at + 1]
        return following.kind == "sign" and following.text == "("

    def _group(self, *, within: bool) -> Filter:
        self._descend()
        self._close("(")
        node = self._or(within=within)
        self._close(")")
        self.depth += 1
        return node

    def _descend(self) -> None:
        self.depth -= 1
        if self.depth < 0:
            raise ValueError("is nested too deeply")

    def _term(self, *, within: bool) -> Filter:
        self.terms -= 1
        if self.terms < 0:
            raise ValueError("has too many terms")
        path = tokens.attribute_path(self._take("word").text)
        if not within and self._sign("["):
            return self._value_path(path)
        return self._comparison(path)

    def _comparison(self, path: AttributePath) -> Filter:
        token = self._next() if self._peek().kind == "word" else self._peek()
        name = token.text.lower()
        if name == "pr" and token.kind == "word":
            return Present(path)
        if name not in OPERATORS or token.kind != "word":
            raise ValueError(f"has no operator at position {token.at + 1}")
        return Comparison(path, OPERATORS[name], tokens.literal(self._next()))

    def _bracket(self, path: AttributePath) -> Filter:
        if path.sub is not None:
            raise ValueError("has a value filter on a sub-attribute")
        self._descend()
        inner = self._or(within=True)
        self._close("]")
        self.depth += 1
        return inner

    def _value_path(self, path: AttributePath) -> Filter:
        inner = self._bracket(path)
        if self._peek().kind != "dotted":
            return ValuePath(path, inner)
        # Not in the RFC: ``emails[type eq "work"].value eq "x"``, as Entra ID asks.
        sub = AttributePath(self._next().text[1:])
        return ValuePath(path, And(_flat(And, [inner, self._comparison(sub)])))


def _flat(kind: type[And] | type[Or], operands: list[Filter]) -> tuple[Filter, ...]:
    """Put the operands of an operand of the same kind in its place."""
    flat: list[Filter] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, kind) else (operand,))
    return tuple(flat)


def unparse(node: Filter | PatchPath | AttributePath) -> str:
    """Return the text of a tree; parsing it gives the tree again."""
    match node:
        case AttributePath():
            name = f"{node.urn}:{node.name}" if node.urn else node.name
            return f"{name}.{node.sub}" if node.sub else name
        case PatchPath():
            if node.filter is None:
                return unparse(node.path)
            outer = AttributePath(node.path.name, None, node.path.urn)
            tail = f".{node.path.sub}" if node.path.sub else ""
            return f"{unparse(outer)}[{unparse(node.filter)}]{tail}"
        case Comparison():
            return f"{unparse(node.path)} {node.operator} {dumps(node.value)}"
        case Present():
            return f"{unparse(node.path)} pr"
        case And():
            return " and ".join(_grouped(operand, Or) for operand in node.operands)
        case Or():
            return " or ".join(map(unparse, node.operands))
        case Not():
            return f"not ({unparse(node.operand)})"
        case ValuePath():
            return f"{unparse(node.path)}[{unparse(node.filter)}]"
        case _:
            assert_never(node)


def _grouped(node: Filter, kind: type[Or]) -> str:
    return f"({unparse(node)})" if isinstance(node, kind) else unparse(node)
