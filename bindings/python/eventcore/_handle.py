"""What a Python object that holds a handle must not do."""

from __future__ import annotations

from typing import NoReturn, SupportsIndex


class Unique:
    """One object for one handle: a copy would use what the other has given back, a pickle what another process has."""

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:  # what copy, deepcopy and pickle ask alike
        raise TypeError(f"a {type(self).__name__} can be neither copied nor pickled")
