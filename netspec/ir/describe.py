"""An operation as text, in programs that are shown."""

from __future__ import annotations

from dataclasses import fields

from netspec.ir import operations as ops


def describe(operation: ops.Operation) -> str:
    """`Convolution(5x5 groups=2 relu)`: an operation and its attributes that differ from their defaults."""
    words = (attribute(field.name, getattr(operation, field.name), field.default) for field in fields(operation))
    inside = " ".join(word for word in words if word)
    name = type(operation).__name__
    return f"{name}({inside})" if inside else name


def attribute(name: str, value: object, default: object) -> str:
    """`name=value`; nothing for a default, and the value alone where it says enough."""
    match value:
        case ops.Window():
            return _window(value)
        case ops.SgdUpdate() | ops.Convolution() | ops.MaxPool():
            return describe(value)
        case ops.Activation("identity"):
            return ""
        case ops.Activation(function):
            return function
        case _ if value == default:
            return ""
        case str():
            return value
        case _:
            return f"{name}={value}"


def _window(window: ops.Window) -> str:
    """`5x5 stride=2x2 pad=2x2:1x1`: kernel and attributes that differ from their defaults; padding before:after."""
    words = [_pair(window.kernel)]
    if window.stride != (1, 1):
        words.append(f"stride={_pair(window.stride)}")
    if window.before != (0, 0) or window.after != (0, 0):
        same = window.before == window.after
        words.append(f"pad={_pair(window.before)}" + ("" if same else f":{_pair(window.after)}"))
    if window.dilation != (1, 1):
        words.append(f"dilate={_pair(window.dilation)}")
    return " ".join(words)


def _pair(pair: ops.Pair) -> str:
    return f"{pair[0]}x{pair[1]}"
