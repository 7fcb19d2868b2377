// Finding people among a hundred thousand, from one letter on. What is found is asserted; what it takes is printed.
#include <chrono>
#include <iostream>

#include "rules/rules.hpp"
#include "sale.hpp"

namespace eventcore::test {

class SearchSlowTest : public SaleTest {
 protected:
  static constexpr int attendees = 100'000;

  void SetUp() override {
    SaleTest::SetUp();
    big_ = add_category(event_, 2 * attendees);
    order_ = add_order(event_);
    constexpr int at_once = 2'000;
    for (int first = 0; first < attendees; first += at_once) {
      EC_EXPECT_OK(run(as_service(), "insert", [&](work::UnitOfWork& uow) -> Result<Json> {
        for (int i = first; i < first + at_once; ++i) EC_TRYV(uow.insert(tables::tickets, attendee(i)));
        return Json();
      }));
    }
  }
  Changes attendee(int i) {
    namespace t = col::tickets;
    static constexpr const char* given[] = {"Anna", "Ali",  "Bea",  "Carl",  "Dora", "Emil", "Fay", "Gus",
                                            "Hana", "Ivan", "Jose", "Kim",   "Lena", "Mia",  "Noa", "Olga",
                                            "Pia",  "Quin", "Rosa", "Sofia", "Tom",  "Uwe",  "Vera"};
    static constexpr const char* family[] = {"Smith", "Nowak",  "Garcia", "Ng",     "Wu",
                                             "Kim",   "Okafor", "Silva",  "Ivanova"};
    const std::string name = std::string(given[i % 23]) + " " + family[i % 9] + std::to_string(i % 1'000);
    return {{t::organization_id.index, organization_},
            {t::order_id.index, order_},
            {t::ticket_category_id.index, big_},
            {t::ticket_number.index, make_ticket_number(*random_)},
            {t::attendee_name.index, name},
            {t::attendee_email.index, "p" + std::to_string(i) + "@mail.example.org"},
            {t::qr_code_data.index, "imported"},
            {t::price_paid.index, 0},
            {t::currency.index, "USD"},
            {t::status.index, "valid"}};
  }
  // Rows found, and the median time of a few tries.
  std::size_t look(const std::string& query) {
    const Json arguments = {{"event_id", to_text(event_)}, {"query", query}};
    std::vector<double> times;
    std::size_t found = 0;
    for (int i = 0; i < 9; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      EC_EXPECT_OK(run(as_service(), "search_attendees", [&](work::UnitOfWork& uow) -> Result<Json> {
        const auto* command = schema::find_command("search_attendees");
        EC_TRY(decoded, schema::decode_arguments(*command, arguments));
        EC_TRY(reply, rules::find_rule(command->id)->read(uow, *command, schema::Arguments(decoded)));
        found = reply["tickets"].size();
        return reply;
      }));
      times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    std::sort(times.begin(), times.end());
    std::cout << "search '" << query << "': " << found << " rows, median " << times[times.size() / 2] << " ms\n";
    return found;
  }

  Uuid big_;
  Uuid order_;
};

TEST_F(SearchSlowTest, OneLetterAmongAHundredThousandWalksNoMoreThanAPage) {
  for (const char* query : {"a", "o", "p", "m", "an", "smith", "smith9", "p999", "ng"})
    EXPECT_EQ(look(query), 20U) << query;
  EXPECT_EQ(look("p77777"), 1U);
  EXPECT_EQ(look("an sm"), 20U);
  EXPECT_EQ(look("a s"), 20U);
  EXPECT_EQ(look("olga silva7"), 20U);
  EXPECT_EQ(look("uu"), 0U);  // no number has a u
  EXPECT_EQ(look("anna smith wu"), 0U);
}

}  // namespace eventcore::test
