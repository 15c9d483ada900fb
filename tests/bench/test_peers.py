"""Every peer has sides to run, and settings whose names tell them apart."""

from importlib.util import find_spec

import pytest

from netspec.bench.peers import PEERS, Peer
from netspec.bench.sides import Job


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS.keys())
@pytest.mark.parametrize("predict", [False, True])
def test_a_peer_has_a_side_for_what_it_runs(peer: Peer, predict: bool) -> None:
    side = Job("n", "n.net", "", (), (), 1, 1, None, predict=predict).side(peer.name)
    assert bool(find_spec(f"netspec.bench.{side}_side")) == (predict or peer.trains)


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS.keys())
def test_settings_of_a_peer_have_names_of_their_own(peer: Peer) -> None:
    names = [setting.name for process in (*peer.processes, *peer.compiled) for setting in process.settings]
    assert len(names) == len(set(names)) > 1


def test_only_what_takes_minutes_may_fail() -> None:
    for peer in PEERS.values():
        assert {bool(process.attempt) for process in peer.processes} == {False}
        assert {bool(process.attempt) for process in peer.compiled} <= {True}
