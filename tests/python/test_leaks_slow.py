"""A million calls leave no handle and no memory behind."""

from __future__ import annotations

from festival import Festival
from leaks import call_many_times


def test_nothing_leaks_over_a_million_calls(festival: Festival) -> None:
    told = call_many_times(festival, 1_000_000)
    assert told.handles == 0
    assert told.grown_kib < 8_192, told
