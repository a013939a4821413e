"""The printed form of a module."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flambeau.nn.modules.module import Module

__all__ = ["indent", "render"]


def render(module: "Module") -> str:
    """The name of the module, its extra_repr and its children, indented."""
    extra = module.extra_repr()
    extra_lines = extra.split("\n") if extra else []
    child_lines = [f"({name}): {indent(repr(child), 2)}" for name, child in module._modules.items()]
    lines = extra_lines + child_lines
    if len(extra_lines) == 1 and not child_lines:
        return f"{module._get_name()}({extra})"
    if not lines:
        return f"{module._get_name()}()"
    body = "\n  ".join(lines)
    return f"{module._get_name()}(\n  {body}\n)"


def indent(text: str, spaces: int) -> str:
    """The text with every line but the first moved to the right."""
    return text.replace("\n", "\n" + " " * spaces)
