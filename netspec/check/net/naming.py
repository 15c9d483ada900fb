"""Names of layers: given with `as`, or kind and number in reading order."""

from __future__ import annotations

import re

from netspec.check.net.place import Place
from netspec.check.vocabulary.tables import LAYERS
from netspec.check.words import structure as words
from netspec.syntax.tree import Name

RESERVED = frozenset({"input", "image", "label", "rate", "loss", "correct"})
"""Values that a training step has beside the layers."""

AUTOMATIC = re.compile(r"([A-Za-z_][A-Za-z0-9_]*?)[0-9]+")


def name_layer(place: Place, kind: str, label: Name | None) -> str:
    """The full name of a layer, `vgg2.conv1`. A label that cannot be is reported, and the automatic name taken."""
    return place.instance.prefix + _part(place, kind, label)


def name_part(place: Place, block: str, label: Name | None) -> str:
    """The full name of a call of a block, in front of the names of its layers."""
    return place.instance.prefix + _part(place, block, label)


def _part(place: Place, kind: str, label: Name | None) -> str:
    automatic = place.instance.number(kind)
    if label is None or not _allowed(place, label):
        return automatic
    name = place.instance.listed(label)
    if name in place.instance.taken:
        place.complain(words.name_taken(name, label, place.instance.given.get(name)))
        return automatic
    place.instance.take(name, label)
    return name


def _allowed(place: Place, label: Name) -> bool:
    """Whether a label is neither reserved nor like an automatic name."""
    if label.text in RESERVED and not place.instance.prefix:
        place.complain(words.name_reserved(label))
        return False
    found = AUTOMATIC.fullmatch(label.text)
    kind = found[1] if found else ""
    if kind in LAYERS or kind in place.scope.module.blocks:
        place.complain(words.name_looks_automatic(label, kind))
        return False
    return True
