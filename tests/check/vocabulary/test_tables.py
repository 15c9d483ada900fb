"""The tables of the language agree with the code that reads them."""

from __future__ import annotations

import pytest

from netspec.check.net.bodies import STRUCTURES
from netspec.check.net.layers import EMITTERS
from netspec.check.reading import READERS
from netspec.check.recipe.training import VALUE_NAMES
from netspec.check.vocabulary.kinds import Entry, Required
from netspec.check.vocabulary.tables import ACTIVATIONS, AUGMENT, DATA, LAYERS, LOSSES, SCHEDULES, TOP_LEVEL, TRAIN
from netspec.check.words.kinds import allowed
from netspec.ir.operations import ActivationName, LossName

TABLES = (LAYERS, AUGMENT, DATA, SCHEDULES, TOP_LEVEL, TRAIN)
ENTRIES = [entry for table in TABLES for entry in table.values()]


def test_every_layer_is_emitted_or_is_structure() -> None:
    assert {*EMITTERS, *STRUCTURES, "input"} == set(LAYERS)


def test_every_activation_and_loss_of_the_ir_has_its_word() -> None:
    assert {*ACTIVATIONS, "identity"} == set(ActivationName.__args__)
    assert set(LOSSES) == set(LossName.__args__)


def test_every_transform_names_its_value() -> None:
    assert {*VALUE_NAMES, "crop", "distort"} == set(AUGMENT)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_entry_explains_itself_and_every_default_can_be_shown(entry: Entry) -> None:
    assert entry.doc
    slots = (*entry.positional, *entry.attributes)
    assert len({slot.name for slot in slots}) == len(slots)
    for slot in slots:
        assert slot.doc
        assert type(slot.kind) in READERS
        assert allowed(slot.kind)
        assert isinstance(slot.default, Required) or slot.shown or not slot.default


@pytest.mark.parametrize("table", TABLES)
def test_entries_stand_under_their_names(table: dict[str, Entry]) -> None:
    assert all(entry.name == name for name, entry in table.items())
