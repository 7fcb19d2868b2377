#include "support/test_store.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "schema/all.hpp"

namespace eventcore::test {

const Bytes test_key(32, 0x5a);

TestFolder::TestFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "ec-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  folder_ = name;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Bytes read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_whole(const std::string& path, ByteView bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

store::OpenOptions options_for(const std::string& path, bool create) {
  store::OpenOptions options;
  options.path = path;
  options.key = store::KeyInput::raw(test_key);
  options.create = create;
  options.reserve_bytes = 0;  // full disks are tests/faults' matter
  return options;
}

Record organization_row(const Uuid& id, const std::string& slug) {
  Record row(schema::tables::organizations);
  row.set("id", id);
  row.set("name", slug);
  row.set("slug", slug);
  row.set("subscription_tier", "free");
  row.set("settings", "{}");
  row.set("version", 1);
  row.set("created_at", 1);
  row.set("updated_at", 1);
  return row;
}

Record venue_row(const Uuid& organization, const Uuid& id, const std::string& name) {
  Record row(schema::tables::venues);
  row.set("id", id);
  row.set("organization_id", organization);
  row.set("name", name);
  row.set("address", "1 Long Road");
  row.set("max_capacity", 100);
  row.set("is_active", true);
  row.set("version", 1);
  row.set("created_at", 1);
  row.set("updated_at", 1);
  return row;
}

Status put(store::Writer& writer, const Record& row) {
  writer.arm(true);
  return writer.insert(row);
}

Status put_organization(store::Store& store, const Uuid& id, const std::string& slug) {
  return store.write([&](store::Writer& writer) -> Status {
    EC_TRYV(writer.create_tenant_key(id));
    return put(writer, organization_row(id, slug));
  });
}

}  // namespace eventcore::test
