// Commands that price, sell, take payment, check in and report. Ids 300-399.
#pragma once

#include <string_view>

#include "schema/commands/common.hpp"
#include "schema/schema.hpp"
#include "schema/tables/ticketing.hpp"

namespace eventcore::schema::commands {

inline constexpr std::string_view counter_method_values[] = {"cash", "card"};
inline constexpr EnumDef counter_method{.name = "counter_method", .values = counter_method_values};
inline constexpr std::string_view curve_step_values[] = {"hour", "day"};
inline constexpr EnumDef curve_step{.name = "curve_step", .values = curve_step_values};

// quote_price
inline constexpr ArgumentDef quote_price_arguments[] = {
    {.name = "ticket_category_id", .type = Type::uuid, .required = true, .doc = "The category to price."},
    {.name = "factors", .type = Type::json, .initial = "{}", .doc = "Further factors for price rules; the engine's own cannot be replaced. Only from service, box_office and keys."},
};
inline constexpr std::string_view quote_price_errors[] = {"not_found", "command_denied"};

// quote_order and place_order
inline constexpr ArgumentDef order_attendees[] = {
    {.name = "name", .type = Type::text, .length_max = name_length_max, .doc = "Who comes; the customer's name when absent."},
    {.name = "email", .type = Type::text, .length_max = 254, .doc = "The attendee's e-mail; the customer's when absent."},
    {.name = "phone", .type = Type::text, .length_max = name_length_max, .doc = "The attendee's telephone number."},
};
inline constexpr ArgumentDef order_items[] = {
    {.name = "ticket_category_id", .type = Type::uuid, .required = true, .doc = "The category to buy from; each at most once in an order."},
    {.name = "quantity", .type = Type::integer, .required = true, .doc = "How many places."},
    {.name = "attendees", .array = true, .fields = order_attendees, .doc = "At most one for each place, in order."},
};
inline constexpr ArgumentDef order_customer[] = {
    {.name = "email", .type = Type::text, .initial = "\"\"", .length_max = 254, .doc = "May be empty only at the box office."},
    {.name = "name", .type = Type::text, .initial = "\"\"", .length_max = name_length_max, .doc = "The buyer's name."},
    {.name = "phone", .type = Type::text, .length_max = name_length_max, .doc = "The buyer's telephone number."},
    {.name = "billing_address", .type = Type::json, .initial = "{}", .doc = "The address for the invoice."},
};
inline constexpr ArgumentDef order_payment[] = {
    {.name = "method", .type = Type::enumeration, .required = true, .values = &counter_method, .doc = "How it was paid at the counter."},
    {.name = "amount", .type = Type::money, .required = true, .min = 0, .doc = "Must equal the order's total."},
    {.name = "reference", .type = Type::text, .length_max = name_length_max, .doc = "The terminal's or receipt's reference."},
};
inline constexpr ArgumentDef quote_order_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event to buy for."},
    {.name = "items", .required = true, .array = true, .fields = order_items, .doc = "What to buy; at least one."},
    {.name = "customer", .fields = order_customer, .doc = "Who buys; matters for codes limited per customer."},
    {.name = "discount_code", .type = Type::text, .length_max = name_length_max, .doc = "Compared trimmed and folded; a quote is never refused because of it."},
    {.name = "factors", .type = Type::json, .initial = "{}", .doc = "Further factors for price rules. Only from service, box_office and keys."},
};
inline constexpr std::string_view quote_order_errors[] = {"not_found", "command_denied", "event_not_on_sale", "category_inactive", "category_not_on_sale", "invalid_quantity", "mixed_currencies"};
inline constexpr ArgumentDef place_order_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event to buy for."},
    {.name = "items", .required = true, .array = true, .fields = order_items, .doc = "What to buy; at least one."},
    {.name = "customer", .fields = order_customer, .doc = "Who buys."},
    {.name = "discount_code", .type = Type::text, .length_max = name_length_max, .doc = "Compared trimmed and folded; refused if it does not apply."},
    {.name = "referral_source", .type = Type::text, .length_max = name_length_max, .doc = "Where the buyer came from; direct when absent."},
    {.name = "expected_total", .type = Type::money, .min = 0, .doc = "The total the buyer was shown; another one is refused."},
    {.name = "payment", .fields = order_payment, .doc = "Taken at the counter, by a box office: places, pays and issues at once."},
    {.name = "factors", .type = Type::json, .initial = "{}", .doc = "Further factors for price rules. Only from service, box_office and keys."},
    {.name = "special_requirements", .type = Type::text, .length_max = free_text_length_max, .doc = "What the buyer asks for."},
    {.name = "ip_address", .type = Type::inet, .doc = "Where the order came from, as the host saw it."},
    {.name = "user_agent", .type = Type::text, .length_max = 1'000, .doc = "What the order came from, as the host saw it."},
};
inline constexpr std::string_view place_order_errors[] = {
    "not_found",        "event_not_on_sale",       "category_inactive", "category_not_on_sale", "invalid_quantity", "hold_limit",
    "mixed_currencies", "discount_not_applicable", "price_changed",     "sold_out",             "payment_refused",  "payment_mismatch"};

// Payments
inline constexpr ArgumentDef start_payment_arguments[] = {
    {.name = "order_id", .type = Type::uuid, .required = true, .doc = "The order to be paid."},
    {.name = "provider", .type = Type::text, .required = true, .length_max = 64, .doc = "Who collects the money, such as stripe."},
    {.name = "reference", .type = Type::text, .required = true, .length_max = name_length_max, .doc = "The provider's id of the payment; unique in the organization."},
};
inline constexpr std::string_view start_payment_errors[] = {"not_found", "already_exists", "wrong_state"};
inline constexpr ArgumentDef confirm_payment_arguments[] = {
    {.name = "order_id", .type = Type::uuid, .required = true, .doc = "The order that was paid."},
    {.name = "amount", .type = Type::money, .required = true, .min = 0, .doc = "What was paid; must equal the order's total."},
    {.name = "currency", .type = Type::text, .required = true, .length_max = 3, .doc = "The currency it was paid in; must equal the order's."},
    {.name = "method", .type = Type::text, .initial = "\"card\"", .length_max = 64, .doc = "How it was paid; the box office confirms cash and card."},
    {.name = "provider", .type = Type::text, .length_max = 64, .doc = "Who collected the money; the counter itself when absent."},
    {.name = "reference", .type = Type::text, .length_max = name_length_max, .doc = "The provider's id of the payment; a repeat has no effect."},
    {.name = "occurred_at", .type = Type::timestamptz, .doc = "When it was paid; now when absent."},
};
inline constexpr std::string_view confirm_payment_errors[] = {"not_found", "payment_refused", "payment_mismatch"};
inline constexpr ArgumentDef fail_payment_arguments[] = {
    {.name = "order_id", .type = Type::uuid, .required = true, .doc = "The order whose payment failed."},
    {.name = "provider", .type = Type::text, .length_max = 64, .doc = "Who tried to collect the money."},
    {.name = "reference", .type = Type::text, .length_max = name_length_max, .doc = "The provider's id of the payment."},
};
inline constexpr std::string_view fail_payment_errors[] = {"not_found"};
inline constexpr ArgumentDef expire_orders_arguments[] = {
    organization_argument,
    {.name = "event_id", .type = Type::uuid, .doc = "The event whose due orders expire; all events when absent, for service only."},
    {.name = "limit", .type = Type::integer, .initial = "1000", .min = 1, .max = 100'000, .doc = "At most so many orders, the longest due first."},
};
inline constexpr std::string_view expire_orders_errors[] = {"not_found"};

// Tickets at the gate
inline constexpr ArgumentDef ticket_qr_arguments[] = {
    {.name = "ticket_id", .type = Type::uuid, .required = true, .doc = "The ticket whose code is drawn."},
    {.name = "module_pixels", .type = Type::integer, .initial = "8", .min = 1, .max = 32, .doc = "Pixels of the PNG for one module of the code."},
};
inline constexpr std::string_view ticket_qr_errors[] = {"not_found", "wrong_state"};
inline constexpr ArgumentDef check_in_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event whose gate this is."},
    {.name = "code", .type = Type::text, .length_max = 4'096, .doc = "The text of the scanned code; exactly one of code and ticket_number is given."},
    {.name = "ticket_number", .type = Type::text, .length_max = 64, .doc = "The number typed in by hand instead."},
    {.name = "gate", .type = Type::text, .length_max = name_length_max, .doc = "The gate; the device's own when absent."},
    {.name = "direction", .type = Type::enumeration, .values = &enums::check_in_direction, .initial = "\"in\"", .doc = "Entering or leaving."},
    {.name = "nonce", .type = Type::text, .length_max = name_length_max, .doc = "Names this scan; the same nonce is answered the same."},
};
inline constexpr std::string_view check_in_errors[] = {"not_found"};

// Reports
inline constexpr ArgumentDef event_report_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event reported on."},
};
inline constexpr std::string_view report_errors[] = {"not_found"};
inline constexpr ArgumentDef sales_curve_arguments[] = {
    {.name = "event_id", .type = Type::uuid, .required = true, .doc = "The event whose sales are drawn."},
    {.name = "step", .type = Type::enumeration, .values = &curve_step, .initial = "\"day\"", .doc = "The width of one point, in the event's local time."},
    {.name = "svg", .type = Type::boolean, .initial = "true", .doc = "Whether to draw the curve too."},
};

inline constexpr CommandDef ticketing_commands[] = {
    {.id = 300, .name = "quote_price", .domain = "ticketing", .mutates = false, .runs = Runs::anyone,
     .arguments = quote_price_arguments, .errors = quote_price_errors,
     .reply = "base_price, final_price, currency, factors, applied_rules: [{rule_id, rule_name, price_before, price_after}]",
     .doc = "What one place of a category costs now, and which rules made it so; for anyone who may view the category."},
    {.id = 301, .name = "quote_order", .domain = "ticketing", .mutates = false, .runs = Runs::anyone,
     .arguments = quote_order_arguments, .errors = quote_order_errors,
     .reply = "order, items, tickets (empty), discount: {code, applied, reason}, places_left: [{ticket_category_id, left}]",
     .doc = "What an order would come to now; nothing is held; for anyone who may view the categories."},
    {.id = 302, .name = "place_order", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::public_event, Predicate::box_office}, .group = "ticketing",
     .arguments = place_order_arguments, .errors = place_order_errors,
     .reply = "order (row), items (rows), tickets (rows, empty until paid), discount: {code, applied, reason}",
     .doc = "Places an order and holds its places until it is paid or expires; anon and customer on public events, users by box_office."},
    {.id = 303, .name = "start_payment", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::box_office}, .group = "ticketing",
     .arguments = start_payment_arguments, .errors = start_payment_errors,
     .reply = "order (row)",
     .doc = "Notes that a provider is collecting the money for an order."},
    {.id = 304, .name = "confirm_payment", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::box_office}, .group = "ticketing",
     .arguments = confirm_payment_arguments, .errors = confirm_payment_errors,
     .reply = "order (row), tickets (rows)",
     .doc = "Records a payment that succeeded and issues the tickets; a late or second payment is recorded with a refund due."},
    {.id = 305, .name = "fail_payment", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::box_office}, .group = "ticketing",
     .arguments = fail_payment_arguments, .errors = fail_payment_errors,
     .reply = "order (row)",
     .doc = "Records a payment that failed; the places stay held until the order expires, and a paid order stays paid."},
    {.id = 306, .name = "expire_orders", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::box_office}, .group = "ticketing",
     .arguments = expire_orders_arguments, .errors = expire_orders_errors,
     .reply = "expired (count), more (whether some were left)",
     .doc = "Cancels unpaid orders whose time is up and frees their places."},
    {.id = 307, .name = "ticket_qr", .domain = "ticketing", .mutates = false, .runs = Runs::by_predicates,
     .allow = {Predicate::own_ticket, Predicate::box_office}, .group = "ticketing",
     .arguments = ticket_qr_arguments, .errors = ticket_qr_errors,
     .reply = "code, svg, png (base64)",
     .doc = "Draws a ticket's signed code as a QR symbol."},
    {.id = 308, .name = "check_in", .domain = "ticketing", .mutates = true, .runs = Runs::by_predicates,
     .allow = {Predicate::device, Predicate::box_office}, .group = "ticketing",
     .arguments = check_in_arguments, .errors = check_in_errors,
     .reply = "outcome, message, ticket (the columns the caller may see), previous: {time, gate, device} or null",
     .on_full_disk = OnFullDisk::goes_on,
     .doc = "Decides one scan at a gate; every scan is kept, and two scans of one ticket never both admit."},
    {.id = 309, .name = "event_report", .domain = "ticketing", .mutates = false, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor, Predicate::org_manager},
     .arguments = event_report_arguments, .errors = report_errors,
     .reply = "orders, tickets, revenue by currency, by_category, checked_in, discounts, refunds",
     .doc = "What an event has sold, taken, returned and let in."},
    {.id = 310, .name = "sales_curve", .domain = "ticketing", .mutates = false, .runs = Runs::by_predicates,
     .allow = {Predicate::event_editor, Predicate::org_manager},
     .arguments = sales_curve_arguments, .errors = report_errors,
     .reply = "points: [{time, tickets, revenue}] by currency, svg",
     .doc = "An event's sales over time, as numbers and as a picture."},
};

}  // namespace eventcore::schema::commands
