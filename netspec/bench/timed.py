"""A peer's predictions, timed: each setting is made ready when it is first asked for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

from netspec.bench.serve import Answer, Request

Calls = Sequence[Callable[[], object]]
"""one a minibatch, each of which works out its probabilities"""


def timed(ready: Callable[[Request], Calls]) -> Answer:
    """Answers requests with the seconds of steps. `ready` makes the calls of a setting, the options of a request."""
    made: dict[str, Calls] = {}

    def calls(options: Request) -> Calls:
        key = json.dumps(options, sort_keys=True)
        if key not in made:
            made[key] = ready(options)
        return made[key]

    def answer(request: Request) -> Request:
        batches = calls({name: value for name, value in request.items() if name != "steps"})
        seconds: list[float] = []
        for k in range(request["steps"]):
            start = time.perf_counter()
            batches[k % len(batches)]()
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds}

    return answer
