// The Arrow C data and stream interfaces, as far as rows need them: flat columns of text, integers, booleans, times,
// dates and decimals. The two structs are the interface's own; nothing of Arrow is linked.
// Invariants: a batch is complete before it is handed out, so `release` frees everything, whoever calls it and whether
// or not the interpreter is held; Python is entered only to fetch the next page.
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "native.hpp"

namespace py = pybind11;

extern "C" {

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};

struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema*);
  int (*get_next)(ArrowArrayStream*, ArrowArray*);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};
}

namespace eventcore::python {

namespace {

constexpr std::int64_t flag_nullable = 2;

struct Field {
  std::string name;
  std::string format;
  bool nullable;
};

// ---- schema --------------------------------------------------------------------------------------------------------

struct SchemaMemory {
  std::string name, format;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

void release_schema(ArrowSchema* schema) {
  for (std::int64_t i = 0; i < schema->n_children; ++i)
    if (schema->children[i]->release != nullptr) schema->children[i]->release(schema->children[i]);
  delete static_cast<SchemaMemory*>(schema->private_data);
  schema->release = nullptr;
}

void fill_schema(ArrowSchema& out, const Field& field, std::size_t children) {
  auto memory = std::make_unique<SchemaMemory>();
  memory->name = field.name;
  memory->format = field.format;
  memory->children.resize(children);
  for (ArrowSchema& child : memory->children) memory->pointers.push_back(&child);
  out = {memory->format.c_str(),
         memory->name.c_str(),
         nullptr,
         field.nullable ? flag_nullable : 0,
         static_cast<std::int64_t>(children),
         memory->pointers.data(),
         nullptr,
         release_schema,
         nullptr};
  out.private_data = memory.release();
}

// ---- columns -------------------------------------------------------------------------------------------------------

struct ArrayMemory {
  std::vector<std::uint8_t> validity, values;
  std::vector<std::int32_t> offsets;
  std::array<const void*, 3> buffers{};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

void release_array(ArrowArray* array) {
  for (std::int64_t i = 0; i < array->n_children; ++i)
    if (array->children[i]->release != nullptr) array->children[i]->release(array->children[i]);
  delete static_cast<ArrayMemory*>(array->private_data);
  array->release = nullptr;
}

template <class T>
void put(std::vector<std::uint8_t>& values, T value) {
  std::array<std::uint8_t, sizeof(T)> bytes{};
  std::memcpy(bytes.data(), &value, sizeof(T));
  values.insert(values.end(), bytes.begin(), bytes.end());
}

void put_text(ArrayMemory& memory, PyObject* value) {
  if (value != Py_None) {
    py::ssize_t size = 0;
    const char* const text = PyUnicode_AsUTF8AndSize(value, &size);
    if (text == nullptr) throw py::error_already_set();
    memory.values.insert(memory.values.end(), text, text + size);
  }
  if (memory.values.size() > INT32_MAX) throw py::value_error("a page of text is too large for Arrow");
  memory.offsets.push_back(static_cast<std::int32_t>(memory.values.size()));
}

void put_number(ArrayMemory& memory, char kind, PyObject* value) {
  std::int64_t number = 0;
  if (value != Py_None) {
    number = PyLong_AsLongLong(value);
    if (number == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  }
  if (kind == 'D') return put(memory.values, static_cast<std::int32_t>(number));
  put(memory.values, number);
  if (kind == 'd') put(memory.values, number < 0 ? std::int64_t{-1} : std::int64_t{0});  // the upper half
}

void set_bit(std::vector<std::uint8_t>& bits, std::size_t position) {
  bits[position / 8] = static_cast<std::uint8_t>(bits[position / 8] | (1U << (position % 8)));
}

// 'u' text, 'b' boolean, 'l' 64 bits, 'D' 32 bits (days), 'd' 128 bits.
char kind_of(const std::string& format) {
  if (format == "tdD") return 'D';
  return format.starts_with("ts") ? 'l' : format.front();
}

void fill_column(ArrowArray& out, const std::string& format, const py::list& column, std::int64_t length) {
  if (static_cast<std::int64_t>(column.size()) != length) throw py::value_error("the columns differ in length");
  const char kind = kind_of(format);
  auto memory = std::make_unique<ArrayMemory>();
  const std::size_t bitmap_bytes = (column.size() + 7) / 8;
  memory->validity.resize(bitmap_bytes);
  if (kind == 'u') memory->offsets.push_back(0);
  if (kind == 'b') memory->values.resize(bitmap_bytes);
  std::int64_t nulls = 0;
  for (std::size_t i = 0; i < column.size(); ++i) {
    PyObject* const value = PyList_GET_ITEM(column.ptr(), static_cast<py::ssize_t>(i));
    if (value == Py_None)
      ++nulls;
    else
      set_bit(memory->validity, i);
    if (kind == 'u')
      put_text(*memory, value);
    else if (kind != 'b')
      put_number(*memory, kind, value);
    else if (value == Py_True)
      set_bit(memory->values, i);
  }
  memory->values.reserve(1);  // a buffer must not be null
  memory->buffers[0] = nulls == 0 ? nullptr : memory->validity.data();
  memory->buffers[1] = kind == 'u' ? static_cast<const void*>(memory->offsets.data()) : memory->values.data();
  memory->buffers[2] = memory->values.data();
  out = {length, nulls, 0, kind == 'u' ? 3 : 2, 0, memory->buffers.data(), nullptr, nullptr, release_array, nullptr};
  out.private_data = memory.release();
}

void fill_batch(ArrowArray& out, const std::vector<Field>& fields, const py::tuple& batch) {
  const auto length = batch[0].cast<std::int64_t>();
  const auto columns = batch[1].cast<py::list>();
  if (columns.size() != fields.size()) throw py::value_error("a column is missing");
  auto memory = std::make_unique<ArrayMemory>();
  memory->children.resize(fields.size());
  for (ArrowArray& child : memory->children) memory->pointers.push_back(&child);
  ArrowArray array = {length,
                      0,
                      0,
                      1,
                      static_cast<std::int64_t>(fields.size()),
                      memory->buffers.data(),
                      memory->pointers.data(),
                      nullptr,
                      release_array,
                      nullptr};
  array.private_data = memory.release();
  try {
    for (std::size_t i = 0; i < fields.size(); ++i)
      fill_column(*array.children[i], fields[i].format, columns[i].cast<py::list>(), length);
  } catch (...) {
    release_array(&array);
    throw;
  }
  out = array;
}

// ---- stream --------------------------------------------------------------------------------------------------------

struct Stream {
  std::vector<Field> fields;
  PyObject* next_batch = nullptr;
  std::string problem;
};

Stream& of(ArrowArrayStream* stream) {
  return *static_cast<Stream*>(stream->private_data);
}

int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  const std::vector<Field>& fields = of(stream).fields;
  try {
    fill_schema(*out, {"", "+s", false}, fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) fill_schema(*out->children[i], fields[i], 0);
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
  return 0;
}

int get_next(ArrowArrayStream* stream, ArrowArray* out) {
  Stream& self = of(stream);
  const py::gil_scoped_acquire held;
  try {
    *out = {};
    const py::object batch = py::reinterpret_borrow<py::object>(self.next_batch)();
    if (!batch.is_none()) fill_batch(*out, self.fields, batch.cast<py::tuple>());
    return 0;
  } catch (const std::exception& exception) {
    self.problem = exception.what();
    return EIO;
  }
}

const char* get_last_error(ArrowArrayStream* stream) {
  return of(stream).problem.empty() ? nullptr : of(stream).problem.c_str();
}

void release_stream(ArrowArrayStream* stream) {
  Stream* const self = &of(stream);
  if (Py_IsInitialized() != 0) {
    const py::gil_scoped_acquire held;
    Py_XDECREF(self->next_batch);
  }
  delete self;
  stream->release = nullptr;
}

void free_capsule(PyObject* capsule) {
  auto* const stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, "arrow_array_stream"));
  if (stream->release != nullptr) stream->release(stream);
  delete stream;
}

}  // namespace

py::capsule arrow_stream(const py::list& fields, const py::function& next_batch) {
  auto self = std::make_unique<Stream>();
  for (const py::handle& entry : fields) {
    const auto field = entry.cast<py::tuple>();
    self->fields.push_back({field[0].cast<std::string>(), field[1].cast<std::string>(), field[2].cast<bool>()});
  }
  auto stream = std::make_unique<ArrowArrayStream>();
  PyObject* const capsule = PyCapsule_New(stream.get(), "arrow_array_stream", free_capsule);
  if (capsule == nullptr) throw py::error_already_set();
  self->next_batch = next_batch.inc_ref().ptr();
  *stream.release() = {get_schema, get_next, get_last_error, release_stream, self.release()};
  return py::reinterpret_steal<py::capsule>(capsule);
}

}  // namespace eventcore::python
