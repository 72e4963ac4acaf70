"""What needs what is done after it, and everything else where it stands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim_provisioning.protocol.ordering import in_order


@pytest.mark.parametrize(
    ("needs", "order"),
    [
        ({}, []),
        ({0: (), 1: (), 2: ()}, [[0], [1], [2]]),
        ({0: (2,), 1: (), 2: ()}, [[1], [2], [0]]),
        ({0: (1,), 1: (2,), 2: (), 3: ()}, [[2], [1], [0], [3]]),
        ({0: (1,), 1: (0,)}, [[0, 1]]),
        ({0: (2,), 1: (), 2: (0,)}, [[1], [0, 2]]),
        ({0: (1,), 1: (2,), 2: (1,)}, [[1, 2], [0]]),
        ({0: (0,)}, [[0]]),
    ],
)
def test_order(needs, order):
    assert list(in_order(needs)) == order


def test_a_long_circle_and_a_long_chain_are_no_deep_calls():
    size = 50_000
    assert len(list(in_order({i: ((i + 1) % size,) for i in range(size)}))) == 1
    chain = {i: (i + 1,) for i in range(size)} | {size: ()}
    assert list(in_order(chain)) == [[i] for i in reversed(range(size + 1))]


@st.composite
def graphs(draw):
    size = draw(st.integers(1, 8))
    numbers = st.integers(0, size - 1)
    return {i: draw(st.sets(numbers, max_size=4)) for i in range(size)}


def reachable(needs, start):
    found, left = set(), list(needs[start])
    while left:
        if (number := left.pop()) not in found:
            found.add(number)
            left += needs[number]
    return found


@given(graphs())
def test_everything_comes_once_after_what_it_needs_and_with_its_circle(needs):
    done = []
    for knot in in_order(needs):
        for number in knot:
            mutual = {
                other for other in reachable(needs, number) if number in reachable(needs, other)
            }
            assert set(knot) == mutual | {number}
            assert needs[number] <= {*done, *knot}
        done += knot
    assert sorted(done) == sorted(needs)
