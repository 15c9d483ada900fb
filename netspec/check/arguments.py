"""Binds the arguments of a statement to what its entry in the vocabulary asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from netspec.check.reading import dimensions, read
from netspec.check.scope import UNKNOWN, Scope
from netspec.check.vocabulary.kinds import Anything, Dimensions, Entry, Slot, Switch, Word
from netspec.check.vocabulary.layers import ACTIVATIONS
from netspec.check.vocabulary.synonyms import ATTRIBUTES
from netspec.check.words import arguments as words
from netspec.diagnostics.text import Span
from netspec.ir.graph import Initial
from netspec.ir.operations import Activation, ActivationName, Pair
from netspec.syntax.tree import Argument, Atom, Broken, Call, Name, Number, Size


class Bound(NamedTuple):
    """The arguments of a statement, checked: a value for every slot of the entry, flags in order, the `as` name.

    `doubtful` tells that something the output shape depends on is wrong, missing or unknown, `unclear` that something
    was unreadable or misspelt: what seems to be left out may have been meant by it.
    """

    entry: Entry
    values: dict[str, object]
    spans: dict[str, Span]
    flags: tuple[Activation, ...]
    label: Name | None
    doubtful: bool
    unclear: bool = False

    def whole(self, name: str) -> int:
        return cast("int", self.values[name])

    def real(self, name: str) -> float:
        return float(cast("float", self.values[name]))

    def pair(self, name: str) -> Pair:
        return cast("Pair", self.values[name])

    def size(self, name: str) -> tuple[int, ...]:
        return cast("tuple[int, ...]", self.values[name])

    def on(self, name: str) -> bool:
        return bool(self.values.get(name))

    def text(self, name: str) -> str:
        return cast("str", self.values[name])

    def start(self) -> Initial | None:
        return cast("Initial | None", self.values["init"])

    def span(self, name: str, otherwise: Span) -> Span:
        """Where an argument stands, or `otherwise` where it was left out."""
        return self.spans.get(name, otherwise)


def bind(owner: Span, arguments: tuple[Argument, ...], entry: Entry, scope: Scope) -> Bound:
    """Checks and binds; every mistake is reported, and a wrong value falls back to its default (or is UNKNOWN)."""
    binding = _Binding(entry, scope)
    binding.take(arguments)
    binding.place_positionals()
    binding.fill(owner)
    flags = tuple(binding.flags)
    return Bound(entry, binding.values, binding.spans, flags, binding.label, binding.doubtful, binding.unclear)


@dataclass(slots=True)
class _Binding:
    """The state of one binding."""

    entry: Entry
    scope: Scope
    values: dict[str, object] = field(default_factory=dict[str, object])
    spans: dict[str, Span] = field(default_factory=dict[str, Span])
    flags: list[Activation] = field(default_factory=list[Activation])
    label: Name | None = None
    doubtful: bool = False
    unclear: bool = False
    waiting: list[Atom] = field(default_factory=list[Atom])
    guesses: list[tuple[Slot, Atom]] = field(default_factory=list[tuple[Slot, Atom]])
    first_late: Span | None = None

    def take(self, arguments: tuple[Argument, ...]) -> None:
        """Sorts the arguments: keyed ones and flags are bound, positional ones wait."""
        rest = iter(arguments)
        for argument in rest:
            if argument.key is not None:
                self.keyed(argument.key, argument.value, argument.span)
                self.first_late = self.first_late or argument.span
            elif self.is_flag(argument.value, rest):
                self.first_late = self.first_late or argument.span
            else:
                self.positional(argument.value)

    # --- keyed ---------------------------------------------------------------------------------------------------

    def keyed(self, key: Name, atom: Atom, span: Span) -> None:
        slot = self.entry.slot(key.text)
        if slot is None and self.entry.positional and isinstance(self.entry.positional[0].kind, Anything):
            slot = next((one for one in self.entry.positional if one.name == key.text), None)
        if slot is None:
            self.unknown_key(key, atom, span)
        elif isinstance(slot.kind, Switch):
            self.switch(slot, key, atom)
        else:
            self.give(slot, atom, key.span)

    def switch(self, slot: Slot, key: Name, atom: Atom) -> None:
        """`nesterov=true`, as `--set` needs it."""
        if isinstance(atom, Name) and atom.text in ("true", "false"):
            self.store(slot, atom.text == "true", key.span)
        elif not isinstance(atom, Broken):
            self.scope.complain(words.keyed_flag(self.entry, key.text, key.span.to(atom.span)))

    def unknown_key(self, key: Name, atom: Atom, span: Span) -> None:
        """Reports an attribute that the entry does not have, and takes its value for the one that was meant."""
        self.unclear = True
        if key.text in ACTIVATIONS and self.entry.flagged:
            self.scope.complain(words.keyed_flag(self.entry, key.text, span))
            return
        known = tuple(slot.name for slot in (*self.entry.attributes, *self._own_parameters()))
        near = self.scope.suggestions(key.text, (*known, *(slot.name for slot in self.entry.positional)), ATTRIBUTES)
        named = tuple(name for name in near if name in known)
        meant = self.entry.slot(named[0]) if len(named) == 1 else None
        place = next((slot for slot in self.entry.positional if slot.name in near and slot.name not in known), None)
        if meant is not None and isinstance(meant.kind, Switch):
            self.scope.complain(words.attribute_for_a_flag(self.entry, key.text, meant.name, span))
        elif place is not None and not named:
            self.scope.complain(words.keyed_positional(self.entry, place, key.text, key.span))
            self.guesses.append((place, atom))
        else:
            self.scope.complain(words.unknown_attribute(self.entry, key.text, key.span, named, known))
            self.remember_guess(meant, atom)

    def _own_parameters(self) -> tuple[Slot, ...]:
        """Parameters of a user's block, which can be given by key too."""
        return tuple(slot for slot in self.entry.positional if isinstance(slot.kind, Anything))

    def remember_guess(self, meant: Slot | None, atom: Atom) -> None:
        """A misspelt attribute counts as the one that was probably meant."""
        if meant is not None:
            self.guesses.append((meant, atom))
        elif any(slot.shapes for slot in self.entry.attributes):
            self.doubtful = True

    # --- flags ---------------------------------------------------------------------------------------------------

    def is_flag(self, atom: Atom, rest: Iterator[Argument]) -> bool:
        """Binds a bare word that is a flag; False for a positional argument."""
        if isinstance(atom, Name) and atom.text == "as":
            self.named(atom, next(rest, None))
            return True
        if isinstance(atom, Name) and (slot := self.entry.slot(atom.text)) and isinstance(slot.kind, Switch):
            self.store(slot, True, atom.span)
            return True
        name = atom if isinstance(atom, Name) else atom.name if isinstance(atom, Call) else None
        if name is None or name.text not in ACTIVATIONS or not self.entry.flagged:
            return False
        self.flags.append(activation(name, atom.arguments if isinstance(atom, Call) else (), self.scope))
        return True

    def named(self, word: Name, argument: Argument | None) -> None:
        if argument is None or argument.key is not None or not isinstance(argument.value, Name):
            if argument is None or not isinstance(argument.value, Broken):
                self.scope.complain(words.name_after_as(word.span if argument is None else argument.span))
        elif not self.entry.flagged:
            self.scope.complain(words.cannot_be_named(self.entry, word.span.to(argument.span)))
        elif self.label is not None:
            self.scope.complain(words.given_twice(self.entry, "as", word.span, self.label.span))
        else:
            self.label = argument.value

    # --- positional ----------------------------------------------------------------------------------------------

    def positional(self, atom: Atom) -> None:
        if isinstance(atom, Broken):
            self.unclear = self.doubtful = True
        elif self.is_misspelt_flag(atom):
            self.unclear = True
        else:
            if self.first_late is not None and len(self.waiting) < len(self.entry.positional):
                self.scope.complain(words.late_positional(self.entry, atom.span, self.first_late))
            self.waiting.append(atom)

    def is_misspelt_flag(self, atom: Atom) -> bool:
        """A word beyond the positional arguments, or one after attributes, that names nothing: a flag misspelt."""
        full = len(self.waiting) >= len(self.entry.positional) or self.first_late is not None
        if not (full and isinstance(atom, Name)) or self._takes_dimensions() or self.scope.value(atom.text) is not None:
            return False
        switches = tuple(slot.name for slot in self.entry.attributes if isinstance(slot.kind, Switch))
        known = (*switches, *(ACTIVATIONS if self.entry.flagged else ()))
        near = tuple(n for n in self.scope.suggestions(atom.text, known, ATTRIBUTES) if n in known)
        self.scope.complain(words.unknown_flag(self.entry, atom.text, atom.span, near, known))
        return True

    def _takes_dimensions(self) -> bool:
        return any(isinstance(slot.kind, Dimensions) for slot in self.entry.positional)

    def place_positionals(self) -> None:
        """Gives the waiting atoms to the positional slots, in order."""
        if self._takes_dimensions():
            self.give_dimensions()
            return
        free = list(self.entry.positional)
        atoms = list(self.waiting)
        while free and atoms:
            slot = free.pop(0)
            if isinstance(slot.kind, Word) and slot.required and isinstance(atoms[0], (Number, Size)):
                self.scope.complain(words.word_left_out(self.entry, slot, atoms[0].span))
                self.store(slot, UNKNOWN, atoms[0].span)
            else:
                self.give(slot, atoms[0], atoms[0].span)
                atoms.pop(0)
        if atoms:
            self.refuse(atoms)

    def give_dimensions(self) -> None:
        """All positional arguments together are one size: `1x28x28`, `1 D D`, `784`."""
        slot = self.entry.positional[0]
        if not self.waiting:
            return
        self.spans[slot.name] = self.waiting[0].span.to(self.waiting[-1].span)
        self.values[slot.name] = dimensions(self.entry, slot, self.waiting, self.scope)
        self.doubtful = self.doubtful or self.values[slot.name] is UNKNOWN

    def refuse(self, extra: list[Atom]) -> None:
        """Reports atoms beyond the positional arguments."""
        span = extra[0].span.to(extra[-1].span)
        helps = words.square_help(self.waiting, self.entry)
        self.scope.complain(words.surplus(self.entry, len(self.waiting), span, helps))

    # --- values --------------------------------------------------------------------------------------------------

    def give(self, slot: Slot, atom: Atom, place: Span) -> None:
        """Reads a value for a slot."""
        if slot.name in self.spans:
            self.scope.complain(words.given_twice(self.entry, slot.name, place, self.spans[slot.name]))
            return
        self.spans[slot.name] = atom.span
        self.unclear = self.unclear or isinstance(atom, Broken)
        value = read(self.entry, slot, atom, self.scope)
        if value is not UNKNOWN:
            self.values[slot.name] = value
            return
        self.doubtful = self.doubtful or slot.shapes
        self.values[slot.name] = UNKNOWN if slot.required else slot.default

    def store(self, slot: Slot, value: object, place: Span) -> None:
        if slot.name in self.spans:
            self.scope.complain(words.given_twice(self.entry, slot.name, place, self.spans[slot.name]))
        self.spans[slot.name] = place
        self.values[slot.name] = value
        self.doubtful = self.doubtful or value is UNKNOWN

    def fill(self, owner: Span) -> None:
        """Defaults for what was left out, and a complaint where there is none."""
        for slot, atom in self.guesses:
            if slot.name not in self.spans:
                self.give(slot, atom, atom.span)
        absent = [slot for slot in (*self.entry.positional, *self.entry.attributes) if slot.name not in self.values]
        for slot in absent:
            self.values[slot.name] = UNKNOWN if slot.required else slot.default
        missing = tuple(slot for slot in absent if slot.required)
        if missing:
            self.doubtful = True
            if not self.unclear:
                self.scope.complain(words.missing(self.entry, missing, owner))


def activation(name: Name, arguments: tuple[Argument, ...], scope: Scope) -> Activation:
    """The activation that a flag names, with its own list: `leaky_relu(0.2)`."""
    entry = ACTIVATIONS[name.text]
    bound = bind(name.span, arguments, entry, scope)
    slope = bound.values.get("SLOPE", 0.0)
    return Activation(cast("ActivationName", name.text), float(slope) if isinstance(slope, (int, float)) else 0.0)
