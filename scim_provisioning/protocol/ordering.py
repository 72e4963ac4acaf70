"""In which order things that need each other are done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush

Needs = Mapping[int, Iterable[int]]
"""Each number, and the numbers that have to be done before it."""


def in_order(needs: Needs) -> Iterator[list[int]]:
    """Yield the numbers, each after what it needs and else in their own order.

    Those that need each other in a circle come together, in one list.
    """
    knots = _knots(needs)
    home = {number: place for place, knot in enumerate(knots) for number in knot}
    waiting = [
        {home[needed] for number in knot for needed in needs[number]} - {place}
        for place, knot in enumerate(knots)
    ]
    followers: list[list[int]] = [[] for _ in knots]
    for place, needed in enumerate(waiting):
        for other in needed:
            followers[other].append(place)
    # A circle is done where the last of it stands: nothing after that is done before it.
    ready = [(knots[place][-1], place) for place, needed in enumerate(waiting) if not needed]
    heapify(ready)
    while ready:
        _, place = heappop(ready)
        yield knots[place]
        for follower in followers[place]:
            waiting[follower].discard(place)
            if not waiting[follower]:
                heappush(ready, (knots[follower][-1], follower))


def _knots(needs: Needs) -> list[list[int]]:
    """Return the strongly connected parts (Kosaraju's algorithm), each sorted."""
    back: dict[int, list[int]] = {number: [] for number in needs}
    for number, needed in needs.items():
        for other in needed:
            back[other].append(number)
    finished, seen = list(_finished(needs, needs, set())), set[int]()
    found = (sorted(_finished(back, [number], seen)) for number in reversed(finished))
    return [knot for knot in found if knot]


def _finished(graph: Needs, roots: Iterable[int], seen: set[int]) -> Iterator[int]:
    """Yield what can be reached and was not seen, each after all that it leads to."""
    for root in roots:
        stack = [(root, iter(graph[root]))] if root not in seen else []
        seen.add(root)
        while stack:
            number, rest = stack[-1]
            fresh = next((other for other in rest if other not in seen), None)
            if fresh is None:
                stack.pop()
                yield number
            else:
                seen.add(fresh)
                stack.append((fresh, iter(graph[fresh])))
