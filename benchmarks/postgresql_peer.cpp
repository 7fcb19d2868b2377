// PostgreSQL as a peer, through libpq: one connection per caller, prepared statements, and one round trip per call. A
// call is what a PostgREST-like server makes of a request: role and claims for the transaction, then one statement.
#include <libpq-fe.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "peer.hpp"

namespace bench {

namespace {

class Answer {
 public:
  explicit Answer(PGresult* result) : result_(result) {}
  ~Answer() { PQclear(result_); }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  [[nodiscard]] bool good() const {
    const ExecStatusType status = PQresultStatus(result_);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_SYNC;
  }
  [[nodiscard]] const char* why() const { return PQresultErrorMessage(result_); }
  [[nodiscard]] int rows() const { return PQntuples(result_); }
  [[nodiscard]] std::string text(int row, int column) const { return PQgetvalue(result_, row, column); }
  [[nodiscard]] std::int64_t integer(int row, int column) const { return std::stoll(text(row, column)); }

 private:
  PGresult* result_;
};

class Connection {
 public:
  explicit Connection(const std::string& where) : handle_(PQconnectdb(where.c_str())) {
    if (PQstatus(handle_) != CONNECTION_OK) throw Wrong(std::string("PostgreSQL: ") + PQerrorMessage(handle_));
    PQsetNoticeReceiver(
        handle_, [](void*, const PGresult*) {}, nullptr);
  }
  ~Connection() { PQfinish(handle_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::unique_ptr<Answer> ask(const std::string& sql) {
    auto answer = std::make_unique<Answer>(PQexec(handle_, sql.c_str()));
    if (!answer->good()) throw Wrong(std::string("PostgreSQL: ") + answer->why());
    return answer;
  }

  void prepare(const char* name, const char* sql) {
    if (!Answer(PQprepare(handle_, name, sql, 0, nullptr)).good())
      throw Wrong(std::string("PostgreSQL: ") + PQerrorMessage(handle_));
  }

  // Claims and statement travel together and are one transaction.
  std::unique_ptr<Answer> call(const std::string& claims, const char* name, const std::vector<const char*>& values,
                               const char* role = "authenticated") {
    const char* const claim[] = {claims.c_str(), role};
    if (PQpipelineStatus(handle_) == PQ_PIPELINE_OFF && PQenterPipelineMode(handle_) != 1) throw Wrong("no pipeline");
    if (PQsendQueryPrepared(handle_, "claims", 2, claim, nullptr, nullptr, 0) != 1 ||
        PQsendQueryPrepared(handle_, name, static_cast<int>(values.size()), values.data(), nullptr, nullptr, 0) != 1 ||
        PQpipelineSync(handle_) != 1)
      throw Wrong(std::string("PostgreSQL: ") + PQerrorMessage(handle_));
    static_cast<void>(next());
    auto answer = next();
    const Answer synced(PQgetResult(handle_));
    return answer;
  }

 private:
  std::unique_ptr<Answer> next() {
    auto answer = std::make_unique<Answer>(PQgetResult(handle_));
    if (!answer->good()) throw Wrong(std::string("PostgreSQL: ") + answer->why());
    while (PGresult* more = PQgetResult(handle_)) PQclear(more);
    return answer;
  }

  PGconn* handle_;
};

struct People {
  std::string organization;
  std::string event;
  std::string owner;
  std::string manager;
  std::string member;
  std::vector<std::string> categories;
  std::string crowd_event;
};

// Names without quotes and commas as an array's text.
std::string array_of(std::string (*name_of)(std::int64_t), std::int64_t first, std::int64_t count) {
  std::string array = "{";
  for (std::int64_t i = first; i < first + count; ++i) array += (i > first ? "," : "") + name_of(i);
  return array + "}";
}

class PostgresCaller final : public Caller {
 public:
  PostgresCaller(const std::string& where, const People& people, const std::string& user, const std::string& role)
      : connection_(where + " user=bench_client"), people_(people) {
    claims_ =
        Json{
            {"sub", user}, {"organization_id", people.organization}, {"role", role}, {"email", role + "@bench.example"}}
            .dump();
    connection_.prepare("claims", "SELECT set_config('role', $2, true), set_config('request.jwt.claims', $1, true)");
    connection_.prepare("sell", "SELECT place_order($1::uuid, $2::uuid, $3::integer, $4, $5, $6::numeric)");
    connection_.prepare("scan", "SELECT check_in($1::uuid, $2)");
    connection_.prepare("event", "SELECT to_jsonb(e) FROM events e WHERE id = $1::uuid");
    connection_.prepare("list",
                        "SELECT to_jsonb(t) FROM tickets t WHERE ticket_category_id = $1::uuid ORDER BY id LIMIT 50");
    connection_.prepare("page",
                        "SELECT id, to_jsonb(t) FROM tickets t WHERE ticket_category_id = $1::uuid AND id > $2::uuid "
                        "ORDER BY id LIMIT $3::integer");
    connection_.prepare("place", "SELECT place_online($1::uuid, $2::uuid, 1, $3, $4)");
    connection_.prepare("start", "SELECT start_payment($1::uuid, $2)");
    connection_.prepare("pay", "SELECT confirm_payment($1::uuid, $2, $3::uuid, 1)");
    connection_.prepare("sell_for", "SELECT place_order_for($1::uuid, $2::uuid, $3::text[], 'cash', $4::numeric)");
    connection_.prepare("search", "SELECT search_attendees($1::uuid, to_tsquery('simple', $2 || ':*'), $3::integer)");
    connection_.prepare("report", "SELECT event_report($1::uuid)");
    connection_.prepare("import",
                        "INSERT INTO venues (organization_id, name, address, max_capacity) SELECT $4::uuid, "
                        "name, $2, $3::integer FROM unnest($1::text[]) name");
  }

  void sell(std::size_t category) override {
    if (order(category, "1", "10.00")->rows() != 1) throw Wrong("an order was answered with nothing");
  }

  std::vector<std::string> seed(std::size_t category, int quantity) override {
    const std::string amount = std::to_string(quantity * 10) + ".00";
    const Json reply = Json::parse(order(category, std::to_string(quantity).c_str(), amount.c_str())->text(0, 0));
    std::vector<std::string> codes;
    for (const Json& ticket : reply["tickets"]) codes.push_back(ticket["qr_code_data"]);
    return codes;
  }

  // The order's id is the reference under which the provider tells of the payment.
  void order_online(std::size_t category) override {
    static const std::string anon = R"({"role":"anon"})";
    const char* of = people_.categories[category].c_str();
    const auto placed =
        connection_.call(anon, "place", {people_.event.c_str(), of, "Walk-in", "walk-in@mail.example"}, "anon");
    const std::string order = placed->text(0, 0);
    static_cast<void>(connection_.call(anon, "start", {order.c_str(), order.c_str()}, "service_role"));
    const auto paid = connection_.call(anon, "pay", {order.c_str(), order.c_str(), of}, "service_role");
    if (paid->text(0, 0).find("qr_code_data") == std::string::npos) throw Wrong("a paid order gave no ticket");
  }

  void seed_visitors(std::int64_t first, int orders, int quantity) override {
    const std::string amount = std::to_string(quantity * 10) + ".00";
    for (int i = 0; i < orders; ++i, first += quantity)
      static_cast<void>(connection_.call(claims_, "sell_for",
                                         {people_.crowd_event.c_str(), people_.categories[crowded].c_str(),
                                          array_of(visitor_name, first, quantity).c_str(), amount.c_str()}));
  }

  Page page(const std::string& after) override {
    static const std::string first = "00000000-0000-0000-0000-000000000000";
    static const std::string limit = std::to_string(crowd_page);
    const std::string& from = after.empty() ? first : after;
    const auto answer =
        connection_.call(claims_, "page", {people_.categories[crowded].c_str(), from.c_str(), limit.c_str()});
    return {answer->rows(), answer->rows() > 0 ? answer->text(answer->rows() - 1, 0) : ""};
  }

  int search(const std::string& prefix) override {
    static const std::string limit = std::to_string(crowd_page);
    return connection_.call(claims_, "search", {people_.crowd_event.c_str(), prefix.c_str(), limit.c_str()})->rows();
  }

  std::int64_t report() override {
    return Json::parse(connection_.call(claims_, "report", {people_.crowd_event.c_str()})->text(0, 0))["tickets"];
  }

  void import_venues(std::int64_t first, std::int64_t count) {
    static const std::string capacity = std::to_string(venue_capacity);
    static_cast<void>(connection_.call(
        claims_, "import",
        {array_of(venue_name, first, count).c_str(), venue_address, capacity.c_str(), people_.organization.c_str()}));
  }

  bool check_in(const std::string& code) override {
    const auto answer = connection_.call(claims_, "scan", {people_.event.c_str(), code.c_str()});
    return answer->text(0, 0).find(R"("outcome": "admitted")") != std::string::npos;
  }

  void read_event() override {
    const auto answer = connection_.call(claims_, "event", {people_.event.c_str()});
    if (answer->rows() != 1 || answer->text(0, 0).find(people_.event) == std::string::npos)
      throw Wrong("another event was read");
  }

  int list_tickets() override {
    return connection_.call(claims_, "list", {people_.categories[listed].c_str()})->rows();
  }

 private:
  std::unique_ptr<Answer> order(std::size_t category, const char* quantity, const char* amount) {
    return connection_.call(
        claims_, "sell",
        {people_.event.c_str(), people_.categories[category].c_str(), quantity, "Walk-in", "cash", amount});
  }

  Connection connection_;
  const People& people_;
  std::string claims_;
};

class PostgresPeer final : public ThreadedPeer {
 public:
  PostgresPeer(std::string where, const std::string& schema_file)
      : where_(std::move(where)), schema_file_(schema_file), admin_(where_ + " user=postgres") {}

  [[nodiscard]] std::string name() const override { return "postgresql"; }

  void set_up() override {
    std::ifstream file(schema_file_);
    std::stringstream schema;
    schema << file.rdbuf();
    static_cast<void>(admin_.ask(schema.str()));
    people_.organization = made("organizations (name, slug) VALUES ('Bench', 'bench')");
    people_.owner = user("owner");
    people_.manager = user("manager");
    people_.member = user("member");
    people_.event = event("bench");
    static_cast<void>(made("team_assignments (user_id, event_id, role_type) VALUES ('" + people_.member + "', '" +
                           people_.event + "', 'technical_director')"));
    for (std::size_t i = 0; i < all_categories; ++i) people_.categories.push_back(category(people_.event, i));
    seed_list();
    static_cast<void>(admin_.ask("ANALYZE"));
  }

  void seed(std::int64_t tickets) override {
    ThreadedPeer::seed(tickets);
    static_cast<void>(admin_.ask("ANALYZE"));
  }

  void seed_crowd(std::int64_t visitors) override {
    ThreadedPeer::seed_crowd(visitors);
    static_cast<void>(admin_.ask("VACUUM ANALYZE"));
  }

  // Below the policies, by batches; COPY does not work where there are policies.
  double import_rows(std::int64_t first, std::int64_t rows) override {
    PostgresCaller owner(where_, people_, people_.owner, "owner");
    for (std::int64_t done = 0; done < rows; done += import_batch)
      owner.import_venues(first + done, std::min<std::int64_t>(import_batch, rows - done));
    if (number("SELECT count(*) FROM venues") != first + rows) throw Wrong("not all rows were imported");
    return static_cast<double>(rows);
  }

  [[nodiscard]] bool does(Work work) const override {
    return ThreadedPeer::does(work) && (def_of(work).scope != Scope::whole || work == Work::import_rows);
  }

  Counts count() override {
    Counts counts;
    counts.orders = number("SELECT count(*) FROM ticket_orders");
    counts.tickets = number("SELECT count(*) FROM tickets");
    counts.used = number("SELECT count(*) FROM tickets WHERE status = 'used' AND check_in_time IS NOT NULL");
    for (const std::string& id : people_.categories) {
      counts.rows_by_category.push_back(number("SELECT count(*) FROM tickets WHERE ticket_category_id = '" + id + "'"));
      counts.counter_by_category.push_back(
          number("SELECT total_quantity - available_quantity FROM ticket_categories WHERE id = '" + id + "'"));
    }
    return counts;
  }

  void verify() override {
    const std::int64_t audited =
        number("SELECT count(*) FROM audit_logs WHERE table_name = 'ticket_orders' AND operation = 'INSERT'");
    if (audited != tally.orders) throw Wrong("postgresql: " + std::to_string(audited) + " orders were audited");
    refuse("SELECT 1 FROM tickets");
    if (number("SELECT current_setting('fsync') = 'on' AND current_setting('synchronous_commit') = 'on'", "t") != 1)
      throw Wrong("postgresql: commits are not durable");
  }

 protected:
  void make_crowd() override {
    people_.crowd_event = event("crowd");
    people_.categories.push_back(category(people_.crowd_event, crowded));
  }
  [[nodiscard]] bool works_here() const override { return false; }
  std::unique_ptr<Caller> caller(Person person) override {
    if (person == Person::member) return std::make_unique<PostgresCaller>(where_, people_, people_.member, "member");
    if (person == Person::manager) return std::make_unique<PostgresCaller>(where_, people_, people_.manager, "manager");
    return std::make_unique<PostgresCaller>(where_, people_, people_.owner, "owner");
  }

 private:
  std::string made(const std::string& what) { return admin_.ask("INSERT INTO " + what + " RETURNING id")->text(0, 0); }

  std::string event(const std::string& slug) {
    return made(
        "events (organization_id, name, slug, description, status, start_datetime, end_datetime, created_by) "
        "VALUES ('" +
        people_.organization + "', '" + slug + "', '" + slug +
        "', repeat('x', 400), 'confirmed', "
        "'2030-05-01T10:00Z', '2030-05-01T20:00Z', '" +
        people_.owner + "')");
  }

  std::string category(const std::string& of_event, std::size_t index) {
    const std::string all = std::to_string(places);
    return made(
        "ticket_categories (event_id, name, base_price, total_quantity, available_quantity, max_per_order) "
        "VALUES ('" +
        of_event + "', 'Category " + std::to_string(index) + "', 10.00, " + all + ", " + all + ", " +
        std::to_string(seed_order_max) + ")");
  }

  std::string user(const std::string& role) {
    return made("users (organization_id, email, full_name, role) VALUES ('" + people_.organization + "', '" + role +
                "@bench.example', '" + role + "', '" + role + "')");
  }

  std::int64_t number(const std::string& sql, const std::string& truth = "") {
    const auto answer = admin_.ask(sql);
    return truth.empty() ? answer->integer(0, 0) : answer->text(0, 0) == truth;
  }

  // Policies are on: without claims nothing is seen.
  void refuse(const std::string& sql) {
    static_cast<void>(admin_.ask("SET ROLE authenticated"));
    const bool seen = admin_.ask(sql)->rows() != 0;
    static_cast<void>(admin_.ask("RESET ROLE"));
    if (seen) throw Wrong("postgresql: rows are seen without claims");
  }

  std::string where_;
  std::string schema_file_;
  Connection admin_;
  People people_;
};

}  // namespace

std::unique_ptr<Peer> postgresql(const std::string& connection, const std::string& schema_file) {
  return std::make_unique<PostgresPeer>(connection, schema_file);
}

}  // namespace bench
