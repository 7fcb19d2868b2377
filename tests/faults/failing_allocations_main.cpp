// The n-th allocation fails, alone, with the next one or two, or with all that follow, in operator new or in SQLite's
// allocator, in every kind of call a host makes: each answers out_of_memory and has changed nothing, or success and has
// done all; the same call then works.
//   failing_allocations FOLDER sqlite|new [all]     all: every n; otherwise 60 that chance chooses (EC_TEST_SEED)
// A program of its own, since it replaces the allocators of its process.
#include <ecsql.h>
#include <eventcore.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <new>
#include <random>
#include <string>
#include <vector>

#include "base/seed.hpp"
#include "c_bad_input/host.hpp"

namespace {

enum class Allocator { cpp, sqlite };

struct Armed {
  bool on = false;
  Allocator which = Allocator::cpp;
  long nth = 0;
  long in_a_row = 1;  // 0: all from then on
  long counted = 0;
  bool hit = false;
};
Armed armed;

bool fails(Allocator which) {
  if (!armed.on || armed.which != which || ++armed.counted < armed.nth) return false;
  if (armed.in_a_row > 0 && armed.counted >= armed.nth + armed.in_a_row) return false;
  armed.hit = true;
  return true;
}

void* allocated(std::size_t size, std::size_t alignment) noexcept {
  if (fails(Allocator::cpp)) return nullptr;
  if (alignment <= alignof(std::max_align_t)) return std::malloc(size == 0 ? 1 : size);
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void* allocated_or_thrown(std::size_t size, std::size_t alignment) {
  void* const memory = allocated(size, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

sqlite3_mem_methods real_methods;

void count_sqlites_allocations() {
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_methods);
  static sqlite3_mem_methods ours = real_methods;
  ours.xMalloc = [](int size) { return fails(Allocator::sqlite) ? nullptr : real_methods.xMalloc(size); };
  ours.xRealloc = [](void* memory, int size) {
    return fails(Allocator::sqlite) ? nullptr : real_methods.xRealloc(memory, size);
  };
  sqlite3_config(SQLITE_CONFIG_MALLOC, &ours);
}

// Not inline: g++ 12 takes the free() in an inlined delete for one of memory that came from another's new.
[[gnu::noinline]] void freed(void* memory) noexcept {
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  return allocated_or_thrown(size, 0);
}
void* operator new[](std::size_t size) {
  return allocated_or_thrown(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocated_or_thrown(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocated_or_thrown(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocated(size, 0);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return allocated(size, 0);
}
void operator delete(void* memory) noexcept {
  freed(memory);
}
void operator delete[](void* memory) noexcept {
  freed(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  freed(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  freed(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  freed(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  freed(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  freed(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  freed(memory);
}

namespace {

using namespace eventcore::host;

constexpr std::int64_t doors_us = 1'796'148'000'000'000;  // 2026-12-01T18:00:00Z
constexpr int places = 60;

int problems = 0;

void problem(const std::string& where, const std::string& what) {
  ++problems;
  std::fprintf(stderr, "%s: %s\n", where.c_str(), what.c_str());
}

// What the calls are made on.
struct Ground {
  std::string path;
  std::string event;
  std::string category;
  std::vector<std::string> codes;  // of tickets nobody has scanned yet, last first
  std::int64_t orders = 0;
  std::int64_t scans = 0;
};

json order_of(const Ground& ground, int quantity) {
  return {{"event_id", ground.event},
          {"items", {{{"ticket_category_id", ground.category}, {"quantity", quantity}}}},
          {"customer", {{"email", "bea@example.org"}, {"name", "Bea Buyer"}}},
          {"payment", {{"method", "cash"}, {"amount", std::to_string(quantity) + ".00"}}}};
}

Ground made_ground(const std::string& folder) {
  Ground ground;
  ground.path = folder + "/memory.ecdb";
  const Engine engine(ground.path, EC_OPEN_CREATE | EC_OPEN_TEST_CLOCK);
  ec_engine_clock_set(engine.handle(), doors_us, nullptr);
  const Session service(engine, {{"kind", "service"}, {"reason", "set-up"}});
  const json made = must(
      service.call("create_organization", R"({"name":"Aurora","owner":{"email":"o@example.org","full_name":"Olga"}})"));
  const json event{{"organization_id", made.at("organization").at("id")},
                   {"name", "Night"},
                   {"status", "confirmed"},
                   {"start_datetime", "2026-12-01T18:30:00Z"},
                   {"end_datetime", "2026-12-01T23:00:00Z"}};
  ground.event = must(service.insert("events", event.dump())).at("id");
  const json category{{"event_id", ground.event},
                      {"name", "Standing"},
                      {"base_price", "1.00"},
                      {"total_quantity", 100'000},
                      {"max_per_order", 200}};
  ground.category = must(service.insert("ticket_categories", category.dump())).at("id");
  const json sold = must(service.call("place_order", order_of(ground, 200).dump()));
  for (const json& ticket : sold.at("tickets")) ground.codes.push_back(ticket.at("qr_code_data"));
  ground.orders = 1;
  return ground;
}

// An engine with a session, opened while nothing fails.
struct Opened {
  explicit Opened(const Ground& ground)
      : engine(ground.path, EC_OPEN_TEST_CLOCK), session(engine, {{"kind", "service"}, {"reason", "memory"}}) {
    ec_engine_clock_set(engine.handle(), doors_us, nullptr);
  }
  [[nodiscard]] std::int64_t count(const char* table) const {
    std::int64_t rows = -1;
    ec_rows_count(session.handle(), table, std::char_traits<char>::length(table), EC_TEXT("{}"), &rows, nullptr);
    return rows;
  }
  Engine engine;
  Session session;
};

void expect_unchanged_but(const Opened& opened, const Ground& ground, const std::string& where) {
  const std::int64_t orders = opened.count("ticket_orders");
  const std::int64_t scans = opened.count("check_ins");
  if (orders != ground.orders || scans != ground.scans)
    problem(where, "orders " + std::to_string(orders) + " for " + std::to_string(ground.orders) + ", check-ins " +
                       std::to_string(scans) + " for " + std::to_string(ground.scans));
}

void expect_whole(const Opened& opened, const std::string& where) {
  const json report = must(opened.session.call("verify_store", "{}"));
  if (!report.at("ok").get<bool>()) problem(where, report.dump());
}

// One kind of call: `run` makes it, armed only inside of the C function; `done` notes that it answered success.
struct Kind {
  const char* name;
  std::function<ec_status(Opened&, const Armed&)> run;
  std::function<void(Ground&)> done;
};

template <class Call>
ec_status with_armed(const Armed& how, Call call) {
  ec_bytes* bytes = nullptr;
  ec_error* error = nullptr;
  armed = how;
  armed.on = how.nth > 0;
  const ec_status status = call(&bytes, &error);
  armed.on = false;
  if (status != EC_OK && ec_error_code(error) != status) problem("error", "does not carry its number");
  ec_error_free(error);
  ec_bytes_free(bytes);
  return status;
}

ec_status called(Opened& opened, const Armed& how, const std::string& command, const std::string& arguments) {
  return with_armed(how, [&](ec_bytes** out, ec_error** error) {
    return ec_call(opened.session.handle(), command.data(), command.size(), arguments.data(), arguments.size(), out,
                   error);
  });
}

ec_status in_a_transaction(Opened& opened, const Armed& how, const std::string& arguments) {
  return with_armed(how, [&](ec_bytes** out, ec_error** error) {
    ec_session* const session = opened.session.handle();
    ec_status status = ec_transaction_begin(session, error);
    if (status != EC_OK) return status;
    status = ec_call(session, EC_TEXT("place_order"), arguments.data(), arguments.size(), out, error);
    if (status == EC_OK) return ec_transaction_commit(session, error);
    ec_transaction_rollback(session, nullptr);
    return status;
  });
}

ec_status submitted(Opened& opened, const Armed& how, const std::string& arguments) {
  return with_armed(how, [&](ec_bytes** out, ec_error** error) {
    ec_pending* pending = nullptr;
    ec_status status = ec_submit(opened.session.handle(), nullptr, EC_TEXT("place_order"), arguments.data(),
                                 arguments.size(), &pending, error);
    if (status == EC_OK) status = ec_wait(pending, -1, out, error);
    ec_pending_free(pending);
    return status;
  });
}

std::vector<Kind> kinds(const Ground& ground) {
  const std::string order = order_of(ground, 1).dump();
  const auto sold = [](Ground& g) { ++g.orders; };
  return {
      {"sell", [order](Opened& o, const Armed& how) { return called(o, how, "place_order", order); }, sold},
      {"check_in",
       [&ground](Opened& o, const Armed& how) {
         return called(o, how, "check_in", json{{"event_id", ground.event}, {"code", ground.codes.back()}}.dump());
       },
       [](Ground& g) {
         ++g.scans;
         g.codes.pop_back();
       }},
      {"list",
       [](Opened& o, const Armed& how) {
         return with_armed(how, [&](ec_bytes** out, ec_error** error) {
           return ec_rows_list(o.session.handle(), EC_TEXT("tickets"), EC_TEXT(R"({"limit":20})"), out, error);
         });
       },
       [](Ground&) {}},
      {"transaction", [order](Opened& o, const Armed& how) { return in_a_transaction(o, how, order); }, sold},
      {"submit", [order](Opened& o, const Armed& how) { return submitted(o, how, order); }, sold},
  };
}

// Which allocations fail: all, or some that chance chooses, the first and the last among them.
std::vector<long> chosen(long total, bool all, std::mt19937_64& chance) {
  std::vector<long> out;
  if (all || total <= places) {
    for (long nth = 1; nth <= total; ++nth) out.push_back(nth);
    return out;
  }
  out.push_back(1);
  for (int i = 0; i < places; ++i)
    out.push_back(std::uniform_int_distribution<long>(total * i / places + 1, total * (i + 1) / places)(chance));
  out.push_back(total);
  return out;
}

const char* name_of(Allocator which) {
  return which == Allocator::cpp ? "new" : "sqlite";
}

std::string length_of(const Armed& how) {
  return how.in_a_row == 0 ? "for ever" : std::to_string(how.in_a_row) + " in a row";
}

std::string place(const char* kind, const Armed& how) {
  return std::string(kind) + ", " + name_of(how.which) + " " + length_of(how) + ", allocation " +
         std::to_string(how.nth);
}

void calls_meet(Ground& ground, const Kind& kind, Armed how, bool all, std::mt19937_64& chance) {
  // Two or three in a row are meant for a connection that never failed: what undoes a call is not yet prepared then.
  const bool anew = how.in_a_row > 1;
  auto opened = std::make_unique<Opened>(ground);
  for (int warm = anew ? 1 : 0; warm < 2; ++warm) {  // the first call fills caches; the second is what is counted
    how.nth = 1'000'000'000;
    if (kind.run(*opened, how) != EC_OK) return problem(kind.name, "refused without a fault");
    kind.done(ground);
  }
  const long total = armed.counted;
  int refused = 0;
  for (const long nth : chosen(total, all, chance)) {
    how.nth = nth;
    const std::string where = place(kind.name, how);
    if (anew) {
      opened.reset();
      opened = std::make_unique<Opened>(ground);
    }
    const ec_status status = kind.run(*opened, how);
    if (status == EC_OK)
      kind.done(ground);
    else if (status == EC_E_OUT_OF_MEMORY)
      ++refused;
    else
      problem(where, "answered " + std::to_string(status));
    expect_unchanged_but(*opened, ground, where);
    if (problems > 20) return;
  }
  how.nth = 0;
  if (kind.run(*opened, how) != EC_OK)
    problem(kind.name, "does not work afterwards");
  else
    kind.done(ground);
  expect_whole(*opened, kind.name);
  std::printf("%-12s %-6s %-10s of %6ld allocations; refused %d\n", kind.name, name_of(how.which),
              length_of(how).c_str(), total, refused);
}

ec_status opened_with(const Ground& ground, const Armed& how) {
  static const unsigned char key[32] = {3, 1, 4, 1, 5};
  ec_open_options options = EC_OPEN_OPTIONS_INIT;
  options.path = ground.path.data();
  options.path_length = ground.path.size();
  options.key_kind = EC_OPEN_KEY_RAW;
  options.key = key;
  options.key_length = sizeof key;
  ec_engine* engine = nullptr;
  const ec_status status =
      with_armed(how, [&](ec_bytes**, ec_error** error) { return ec_engine_open(&options, &engine, error); });
  if (engine != nullptr) ec_engine_close(engine, nullptr);
  return status;
}

void opening_meets(const Ground& ground, Armed how, bool all, std::mt19937_64& chance) {
  how.nth = 1'000'000'000;
  if (opened_with(ground, how) != EC_OK) return problem("open", "refused without a fault");
  const long total = armed.counted;
  int refused = 0;
  for (const long nth : chosen(total, all, chance)) {
    how.nth = nth;
    const ec_status status = opened_with(ground, how);
    if (status == EC_E_OUT_OF_MEMORY)
      ++refused;
    else if (status != EC_OK)
      problem(place("open", how), "answered " + std::to_string(status));
    if (problems > 20) return;
  }
  const Opened opened(ground);
  expect_unchanged_but(opened, ground, "open");
  expect_whole(opened, "open");
  std::printf("%-12s %-6s %-10s of %6ld allocations; refused %d\n", "open", name_of(how.which), length_of(how).c_str(),
              total, refused);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  count_sqlites_allocations();
  const bool all = argc > 3 && std::string(argv[3]) == "all";
  const Allocator which = std::string(argv[2]) == "new" ? Allocator::cpp : Allocator::sqlite;
  std::mt19937_64 chance(eventcore::testing::seed());
  Ground ground = made_ground(argv[1]);
  for (const long in_a_row : {1, 2, 3, 0}) {
    const Armed how{false, which, 0, in_a_row, 0, false};
    if (in_a_row < 2) opening_meets(ground, how, all, chance);
    for (const Kind& kind : kinds(ground)) calls_meet(ground, kind, how, all, chance);
  }
  if (problems > 0)
    std::fprintf(stderr, "EC_TEST_SEED=%llu\n", static_cast<unsigned long long>(eventcore::testing::seed()));
  return problems == 0 ? 0 : 1;
}
