"""Calls are made once for each setting, and each minibatch has its turn."""

from netspec.bench.serve import Request
from netspec.bench.timed import Calls, timed


def test_each_setting_is_made_ready_once_and_its_minibatches_take_turns() -> None:
    made, called = list[Request](), list[int]()

    def ready(options: Request) -> Calls:
        made.append(options)
        return [lambda k=k: called.append(k) for k in range(2)]

    answer = timed(ready)
    for steps, setting in ((3, True), (1, True), (2, False)):
        assert len(answer({"steps": steps, "bound": setting})["seconds"]) == steps
    assert made == [{"bound": True}, {"bound": False}]
    assert called == [0, 1, 0, 0, 0, 1]
