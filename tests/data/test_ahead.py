import time
from collections.abc import Iterator

import pytest

from netspec.data.ahead import WAITING, ahead


def test_results_come_in_the_order_of_the_pieces() -> None:
    def slowly(number: int) -> int:
        time.sleep(0.002 * (number % 3))
        return number * number

    assert list(ahead(slowly, range(50), 4)) == [number * number for number in range(50)]
    assert list(ahead(slowly, [], 4)) == []


def test_only_a_few_pieces_are_taken_before_their_results_are_asked_for() -> None:
    taken: list[int] = []

    def pieces() -> Iterator[int]:
        for number in range(1000):
            taken.append(number)
            yield number

    results = ahead(lambda number: number, pieces(), 2)
    assert next(results) == 0
    assert len(taken) <= 2 * WAITING + 1
    results.close()  # type: ignore[attr-defined]


def test_an_exception_comes_where_its_result_would() -> None:
    results = ahead(lambda number: 1 // (3 - number), range(9), 2)
    assert [next(results) for _ in range(3)] == [0, 0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
