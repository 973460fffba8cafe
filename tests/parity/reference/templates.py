"""Which values a manifest's templates read: `response['a']['b']` becomes ("response", ("a", "b")).

Used by the upstream to know where a page must hold a token, a flag or a field. Reads Jinja's own syntax tree.
"""

import functools
from typing import Any, Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes

Path = tuple[str | int, ...]
Reference = tuple[str, Path]

_ENVIRONMENT = Environment()


def _chain(node: nodes.Node) -> Reference | None:
    """The name and keys of a chain of attribute, item and `.get()` accesses, or None for anything else."""
    if isinstance(node, nodes.Name):
        return node.name, ()
    if isinstance(node, nodes.Getattr):
        inner = _chain(node.node)
        return inner and (inner[0], inner[1] + (node.attr,))
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        inner = _chain(node.node)
        return inner and (inner[0], inner[1] + (node.arg.value,))
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.node.attr == "get":
        inner = _chain(node.node.node)
        key = node.args[0] if node.args else None
        if inner and isinstance(key, nodes.Const):
            return inner[0], inner[1] + (key.value,)
    return None


def _visit(node: nodes.Node) -> Iterator[Reference]:
    found = _chain(node)
    if found:
        yield found
        return
    if isinstance(node, nodes.Compare) and isinstance(node.expr, nodes.Const):
        for operand in node.ops:
            holder = _chain(operand.expr)
            if holder and operand.op in ("in", "notin") and str(node.expr.value).isidentifier():
                yield holder[0], holder[1] + (node.expr.value,)
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr):
        # A method of the value (`record.name.lower()`): the value is read, the method's name is no key.
        yield from _visit(node.node.node)
        for argument in node.args:
            yield from _visit(argument)
        return
    for child in node.iter_child_nodes():
        yield from _visit(child)


@functools.lru_cache(maxsize=10_000)
def references(template: str) -> frozenset[Reference]:
    if "{" not in template:
        return frozenset()
    try:
        return frozenset(_visit(_ENVIRONMENT.parse(template)))
    except TemplateSyntaxError:
        return frozenset()


def strings(node: Any) -> Iterator[str]:
    """Every string below a component's definition."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from strings(value)


def paths_read(node: Any, root: str) -> list[Path]:
    """The distinct paths below `root` that the templates of a component read, longest chains only, in a stable order."""
    found = {path for text in strings(node) for name, path in references(text) if name == root and path}
    return sorted(
        (path for path in found if not any(other != path and other[: len(path)] == path for other in found)),
        key=lambda path: tuple(str(key) for key in path),
    )


def components(node: Any, kind: str) -> Iterator[dict[str, Any]]:
    """Every component of a type below a definition, outermost first."""
    if isinstance(node, dict):
        if node.get("type") == kind:
            yield node
        for value in node.values():
            yield from components(value, kind)
    elif isinstance(node, list):
        for value in node:
            yield from components(value, kind)
