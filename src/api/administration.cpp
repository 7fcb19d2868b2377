#include "api/administration.hpp"

#include <algorithm>
#include <functional>

#include "api/request.hpp"
#include "rules/events/calling_off.hpp"
#include "rules/operations/maintenance.hpp"
#include "rules/operations/verify.hpp"
#include "rules/ticketing/commands.hpp"
#include "rules/ticketing/sales_figures.hpp"
#include "rules/ticketing/waiting.hpp"
#include "schema/errors.hpp"

namespace eventcore::api {

namespace operations = rules::operations;

namespace {

using Piece = std::function<Result<Json>(work::UnitOfWork&)>;

// A sweep, piece by piece, each a unit of work.
class Sweep {
 public:
  Sweep(std::shared_ptr<EngineCore> engine, const policy::Principal& principal, std::int64_t deadline)
      : engine_(std::move(engine)), principal_(principal), deadline_(deadline) {}

  Result<Json> run(Piece piece) {
    EC_TRY(reply, write(request(std::move(piece))));
    return parse_json(reply);
  }

  // The reply stored under the key of an earlier run, or an empty text.
  Result<std::string> replay(std::string_view key, const Digest& request_hash) {
    const auto asked = request({});
    asked->only_replay = true;
    asked->idempotency_key = key;
    asked->request_hash = request_hash;
    return write(asked);
  }

  // The last piece; its reply is kept under the key, where there is one.
  Result<std::string> finish(Piece piece, std::string_view key, const Digest& request_hash) {
    const auto last = request(std::move(piece));
    last->idempotency_key = key;
    last->request_hash = request_hash;
    return write(last);
  }

 private:
  std::shared_ptr<Request> request(Piece piece) {
    auto made = std::make_shared<Request>(engine_, principal_, "run_maintenance", engine_->clock().now_us());
    made->body = std::move(piece);
    return made;
  }
  Result<std::string> write(const std::shared_ptr<Request>& request) {
    EC_TRY(store, engine_->store());
    EC_TRYV(store->write([request](store::Writer& writer) { return request->run(writer); }, deadline_));
    return std::move(request->reply);
  }

  std::shared_ptr<EngineCore> engine_;
  const policy::Principal& principal_;
  std::int64_t deadline_;
};

Json swept_json(const operations::Swept& swept) {
  Json json = Json::object();
  json["rows"] = swept.rows;
  json["more"] = swept.more;
  return json;
}

Result<std::vector<Uuid>> tenants(EngineCore& engine, const policy::Principal& principal,
                                  const std::optional<Uuid>& organization) {
  if (principal.organization && organization && *principal.organization != *organization) return Errc::not_found;
  EC_TRY(store, engine.store());
  std::vector<Uuid> all;
  EC_TRYV(store->read([&](store::Reader& reader) -> Status {
    EC_TRY(found, operations::all_organizations(reader));
    all = std::move(found);
    return ok();
  }));
  const std::optional<Uuid> only = organization ? organization : principal.organization;
  if (!only) return all;
  if (std::find(all.begin(), all.end(), *only) == all.end()) return Errc::not_found;
  return std::vector<Uuid>{*only};
}

// The pieces of one tenant's maintenance, each with the name its count is reported under.
struct NamedPiece {
  const char* name;
  std::function<Result<operations::Swept>(work::UnitOfWork&)> run;
};

std::vector<NamedPiece> pieces_of(const Uuid& organization, std::int64_t limit) {
  return {
      {"removed_rows", [=](work::UnitOfWork& unit) { return operations::remove_closed(unit, organization); }},
      {"expired_orders",
       [=](work::UnitOfWork& unit) -> Result<operations::Swept> {
         EC_TRY(expired, rules::ticketing::expire_due_orders(unit, organization, std::nullopt, limit));
         return operations::Swept{expired.count, expired.more};
       }},
      {"called_off_orders",
       [=](work::UnitOfWork& unit) -> Result<operations::Swept> {
         EC_TRY(done, rules::events::finish_calling_off(unit, organization, limit));
         return operations::Swept{done.orders, done.more};
       }},
      {"conversion_rates",
       [=](work::UnitOfWork& unit) -> Result<operations::Swept> {
         EC_TRY(filled, rules::ticketing::fill_conversion_rates(unit, organization, limit));
         return operations::Swept{filled.rows, filled.more};
       }},
      {"waitlist_offers",
       [=](work::UnitOfWork& unit) -> Result<operations::Swept> {
         EC_TRY(offered, rules::ticketing::offer_places(unit, organization, limit));
         return operations::Swept{offered.count, offered.more};
       }},
      {"overdue_milestones",
       [=](work::UnitOfWork& unit) { return operations::mark_overdue_milestones(unit, organization, limit); }},
  };
}

// What one tenant's rows refuse must not keep the sweep from the others; what the store refuses, it refuses to all.
bool ends_sweep(const Failure& failure) {
  const schema::ErrorClass what = schema::class_of(static_cast<std::int32_t>(failure.code()));
  return what != schema::ErrorClass::rule && what != schema::ErrorClass::state &&
         what != schema::ErrorClass::invalid_input && what != schema::ErrorClass::access;
}

Json failed_piece(const Uuid& organization, const char* piece, const Failure& failure) {
  Json failed = Json::object();
  failed["organization_id"] = to_text(organization);
  failed["piece"] = piece;
  failed["code"] = std::string(failure.name());
  return failed;
}

}  // namespace

Result<std::string> run_maintenance(const std::shared_ptr<EngineCore>& engine, const policy::Principal& principal,
                                    const Json& arguments, std::string_view idempotency_key, std::int64_t deadline) {
  Sweep sweep(engine, principal, deadline);
  const Digest request_hash = request_digest("run_maintenance", arguments);
  if (!idempotency_key.empty()) {
    EC_TRY(known, sweep.replay(idempotency_key, request_hash));
    if (!known.empty()) return known;
  }
  const schema::Arguments given(arguments);
  EC_TRY(organizations, tenants(*engine, principal, given.optional_uuid("organization_id")));
  const std::int64_t limit = given.integer("limit");
  Json totals = Json::object();
  totals["removed_rows"] = 0;
  totals["expired_orders"] = 0;
  totals["called_off_orders"] = 0;
  totals["conversion_rates"] = 0;
  totals["waitlist_offers"] = 0;
  totals["overdue_milestones"] = 0;
  totals["failures"] = Json::array();
  bool more = false;
  for (const Uuid& organization : organizations) {
    for (const NamedPiece& piece : pieces_of(organization, limit)) {
      auto ran = sweep.run([&piece](work::UnitOfWork& unit) -> Result<Json> {
        EC_TRY(done, piece.run(unit));
        return swept_json(done);
      });
      if (!ran && ends_sweep(ran.error())) return ran.error();
      if (!ran) {
        totals["failures"].push_back(failed_piece(organization, piece.name, ran.error()));
        continue;
      }
      const Json swept = std::move(ran).assume_value();
      totals[piece.name] = totals[piece.name].get<std::int64_t>() + swept["rows"].get<std::int64_t>();
      more = more || swept["more"].get<bool>();
    }
  }
  totals["more"] = more;
  const auto forget = [limit, totals](work::UnitOfWork& unit) -> Result<Json> {
    EC_TRYV(operations::forget_old(unit, limit));
    return totals;
  };
  return sweep.finish(forget, idempotency_key, request_hash);
}

Result<Json> verify_store(EngineCore& engine, const policy::Principal& principal, const schema::Arguments& arguments) {
  EC_TRY(organizations, tenants(engine, principal, arguments.optional_uuid("organization_id")));
  EC_TRY(store, engine.store());
  operations::VerifyReport report;
  report.problems_max = static_cast<std::size_t>(arguments.integer("problems_max"));
  if (arguments.boolean("pages")) {
    EC_TRY(problems, store->check_pages());
    for (store::PageProblem& problem : problems) report.add({"page", "", "", "a sound page", std::move(problem.text)});
  }
  EC_TRYV(store->read([&](store::Reader& reader) -> Status {
    EC_TRYV(operations::verify_shared(reader, report));
    for (const Uuid& organization : organizations)
      EC_TRYV(operations::verify_organization(reader, organization, report));
    return ok();
  }));
  return report.json();
}

}  // namespace eventcore::api
