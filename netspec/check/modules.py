"""Files: what their statements at the top level define, and what they bring in from other files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from posixpath import normpath

from netspec.check.definitions import evaluate_lets
from netspec.check.net.recursion import mark_recursive
from netspec.check.scope import Block, Module, Scope
from netspec.check.vocabulary import synonyms
from netspec.check.vocabulary.kinds import REQUIRED, Entry, Slot
from netspec.check.vocabulary.layers import PARAMETER_KIND
from netspec.check.vocabulary.tables import LAYERS, TOP_LEVEL
from netspec.check.words import structure as words
from netspec.diagnostics.failure import NetspecError, SpecError
from netspec.diagnostics.message import Report
from netspec.diagnostics.text import Source, Span
from netspec.syntax.parse import parse
from netspec.syntax.tree import Argument, Atom, Broken, Call, Name, Network, Statement, Text

Read = Callable[[str, Source], Source]
"""Finds the file that a `use` names. Raises NetspecError."""

DEEPEST_USE = 100
SINGLE = ("net", "data", "augment", "train")


@dataclass(eq=False, slots=True)
class File:
    """One file: its module, and its other statements."""

    module: Module
    statements: dict[str, Statement] = field(default_factory=dict[str, Statement])
    lets: dict[str, Argument] = field(default_factory=dict[str, Argument])
    blocks: dict[str, Block] = field(default_factory=dict[str, Block])


@dataclass(eq=False, slots=True)
class Loader:
    """Reads files, each once."""

    report: Report
    read: Read
    files: dict[str, File] = field(default_factory=dict[str, File])
    open: list[str] = field(default_factory=list[str])

    def load(self, network: Network) -> File:
        """Defines everything that stands in a file."""
        path = normpath(network.source.name)
        file = File(Module())
        self.files[path] = file
        self.open.append(path)
        uses = [statement for statement in network.statements if statement.name.text == "use"]
        for statement in network.statements:
            self._define(file, statement)
        for statement in uses:
            self._use(file, statement, network.source)
        evaluate_lets(file.lets, file.module, self.report)
        mark_recursive(file.blocks, self.report)
        self.open.pop()
        return file

    def _define(self, file: File, statement: Statement) -> None:
        name = statement.name.text
        if name == "let":
            self._let(file, statement)
        elif name == "block":
            self._block(file, statement)
        elif name in SINGLE:
            self._single(file, statement)
        elif name not in ("use", ""):
            self._refuse(file, statement)

    def _single(self, file: File, statement: Statement) -> None:
        first = file.statements.setdefault(statement.name.text, statement)
        if first is not statement:
            self.report.add(words.second_statement(statement.name, first.name.span))

    def _refuse(self, file: File, statement: Statement) -> None:
        name = statement.name
        if name.text in LAYERS or name.text in file.blocks:
            self.report.add(words.misplaced(name, "at the top level", "inside `net NAME { … }` or a block"))
            return
        near = Scope(self.report, file.module, {}).suggestions(name.text, TOP_LEVEL, synonyms.TOP_LEVEL)
        self.report.add(words.unknown_line("a file", name, near, tuple(TOP_LEVEL)))

    # --- let and block -------------------------------------------------------------------------------------------

    def _let(self, file: File, statement: Statement) -> None:
        argument = statement.arguments[0] if statement.arguments else None
        if any(isinstance(one.value, Broken) for one in statement.arguments):
            argument = argument if argument is not None and argument.key is not None else None
        elif argument is None or argument.key is None or len(statement.arguments) > 1 or statement.bodies:
            self.report.add(words.malformed("let", "`let NAME = VALUE`", statement.span))
        if argument is None or argument.key is None:
            return
        first = file.lets.setdefault(argument.key.text, argument)
        if first is not argument and first.key is not None:
            self.report.add(words.defined_twice("let", argument.key, first.key.span))

    def _block(self, file: File, statement: Statement) -> None:
        signature = head_of(statement)
        if signature is None or len(statement.bodies) != 1:
            if not any(isinstance(one.value, Broken) for one in statement.arguments):
                self.report.add(words.malformed("block", "`block NAME(a, b=1) { … }`", statement.name.span))
            return
        refuse_trailing(statement, self.report)
        name, parameters = signature
        entry, defaults = self._signature(name, parameters)
        block = Block(name.text, name, entry, defaults, statement.bodies[0], file.module)
        first = file.blocks.setdefault(name.text, block)
        if first is not block:
            self.report.add(words.defined_twice("block", name, first.where.span))
            return
        file.module.blocks[name.text] = block
        if name.text in LAYERS:
            self.report.add(words.hides_layer(name))

    def _signature(self, name: Name, parameters: tuple[Argument, ...]) -> tuple[Entry, dict[str, Atom]]:
        """The entry that calls of a block are bound to."""
        slots: list[Slot] = []
        defaults: dict[str, Atom] = {}
        seen: dict[str, Span] = {}
        for parameter in parameters:
            label = parameter_name(parameter)
            if label is None:
                if not isinstance(parameter.value, Broken):
                    self.report.add(words.malformed("parameter", "a name, or `NAME=VALUE`", parameter.span))
                continue
            if label.text in seen:
                self.report.add(words.defined_twice("parameter", label, seen[label.text]))
                continue
            seen[label.text] = label.span
            if parameter.key is not None:
                defaults[label.text] = parameter.value
            default = None if parameter.key is not None else REQUIRED
            slots.append(Slot(label.text, PARAMETER_KIND, "", default, shapes=True))
        return Entry(name.text, "a block of yours", tuple(slots), flagged=True), defaults

    # --- use -----------------------------------------------------------------------------------------------------

    def _use(self, file: File, statement: Statement, base: Source) -> None:
        path = statement.arguments[0].value if len(statement.arguments) == 1 else None
        if not isinstance(path, Text) or statement.arguments[0].key is not None or statement.bodies:
            if not isinstance(path, Broken):
                self.report.add(words.malformed("use", '`use "blocks.net"`', statement.span))
            return
        other = self._other(path, base)
        if other is None:
            return
        for name, argument in other.lets.items():
            self._bring(file, "let", name, path.span)
            if name not in file.lets and argument.key is not None:
                file.module.lets[name] = other.module.lets[name]
        for name, block in other.blocks.items():
            self._bring(file, "block", name, path.span)
            if name not in file.blocks:
                file.module.blocks[name] = block

    def _bring(self, file: File, kind: str, name: str, span: Span) -> None:
        """Complains when a name that comes in is defined here too."""
        own = file.lets.get(name) if kind == "let" else None
        key = (
            own.key if own is not None else file.blocks[name].where if kind == "block" and name in file.blocks else None
        )
        if key is not None:
            self.report.add(words.brought_twice(kind, key, span))

    def _other(self, path: Text, base: Source) -> File | None:
        try:
            source = self.read(path.value, base)
        except SpecError as error:
            for diagnostic in error.diagnostics:
                self.report.add(diagnostic)
            return None
        except NetspecError as error:
            self.report.add(words.cannot_use(path.value, error.message, path.span, error.notes, error.helps))
            return None
        name = normpath(source.name)
        if name in self.open:
            self.report.add(words.cycle_of_files(path.value, path.span))
            return None
        if name in self.files:
            return self.files[name]
        if len(self.open) >= DEEPEST_USE:
            self.report.add(words.too_deep(DEEPEST_USE, path.span))
            return None
        return self.load(parse(source, self.report))


def head_of(statement: Statement) -> tuple[Name, tuple[Argument, ...]] | None:
    """Name and parameters of `block NAME(…) { … }` or `net NAME { … }`; None where they are malformed."""
    if len(statement.arguments) != 1 or statement.arguments[0].key is not None:
        return None
    match statement.arguments[0].value:
        case Name() as name:
            return name, ()
        case Call() as call:
            return call.name, call.arguments
        case _:
            return None


def refuse_trailing(statement: Statement, report: Report) -> None:
    """Complains (E231) of what stands behind the body of a `block` or `net`, which nothing reads."""
    found = statement.trailing
    if found and not any(isinstance(one.value, Broken) for one in found):
        report.add(words.behind_the_body(statement.name.text, found[0].span.to(found[-1].span)))


def parameter_name(parameter: Argument) -> Name | None:
    """The name that a parameter declares."""
    if parameter.key is not None:
        return parameter.key
    return parameter.value if isinstance(parameter.value, Name) else None
