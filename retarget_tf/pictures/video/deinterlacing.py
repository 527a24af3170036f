"""Makes whole frames of interlaced ones, as players do."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import av


def deinterlaced(frames: Iterable[Any]) -> Iterator[Any]:
    """Yields as many frames as come in, with their times; those that are interlaced lose their comb.

    A video whose first frame is not interlaced is taken as it is.
    """
    coming = iter(frames)
    first = next(coming, None)
    if first is None:
        return
    if not first.interlaced_frame:
        yield first
        yield from coming
        return
    graph = make_graph(first, ("bwdif", "mode=send_frame:deint=interlaced"))
    for frame in itertools.chain((first,), coming, (None,)):
        if frame is not None and (frame.width, frame.height) != (first.width, first.height):
            yield frame  # refused by its size
            return
        graph.vpush(frame)
        yield from _pulled(graph)


def make_graph(first: Any, *filters: tuple[str, str]) -> Any:
    """Returns a filter graph for frames like the first one: to be pushed, and pulled."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=first.width, height=first.height, format=first.format, time_base=first.time_base)
    graph.link_nodes(source, *(graph.add(*named) for named in filters), graph.add("buffersink"))
    graph.configure()
    return graph


def _pulled(graph: Any) -> Iterator[Any]:
    while True:
        try:
            yield graph.vpull()
        except (av.BlockingIOError, av.EOFError):
            return
