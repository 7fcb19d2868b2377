// What the two halves of eventcore._native share.
// Builds with pybind11 2.10 up to the newest: only what both have is used.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

namespace eventcore::python {

// An Arrow C stream in a PyCapsule. `fields` is a list of (name, format, nullable); `next_batch()` answers None at the
// end, else (length, [column, ...]) where a column is a list of `length` values, None for null: str for "u", int for
// "l", "tsu:UTC", "tdD" and "d:p,4", bool for "b".
pybind11::capsule arrow_stream(const pybind11::list& fields, const pybind11::function& next_batch);

}  // namespace eventcore::python
