"""What `netspec bench --against` names: which of it goes with what is measured, and whether it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec as find_module

from netspec.bench.peers import PEERS, TORCH, Peer
from netspec.diagnostics.failure import UsageError


def chosen_peers(names: Sequence[str], *, predict: bool, compiled: bool, losses: bool) -> tuple[Peer, ...]:
    """The peers of these names, each once; for losses PyTorch, which need not be named.

    Raises UsageError: E610 where one does not go with what is measured, E621 where one is not installed.
    """
    peers = tuple(PEERS[name] for name in dict.fromkeys(names))
    for peer in peers:
        if losses and peer is not TORCH:
            raise UsageError("E610", f"`--against {peer.name}` does not go with `--losses`")
        if not predict and not peer.trains:
            raise UsageError("E610", f"`--against {peer.name}` needs `--predict`: {peer.title} runs no training step")
    if compiled and not any(peer.compiled for peer in peers):
        raise UsageError("E610", "`--compile` needs `--against torch`")
    peers = (TORCH,) if losses else peers
    for peer in peers:
        check_installed(peer)
    return peers


def check_installed(peer: Peer) -> None:
    """Raises UsageError (E621) where a package is missing."""
    for module, title in peer.needs.items():
        if not find_module(module):
            raise UsageError("E621", f"{title} is not installed", helps=("pip install 'netspec[bench]'",))
