// Tables of ticketing: categories, prices, discount codes, orders with their lines and payments, tickets, scans,
// transfers, waiting list and sales figures. Invariant: ids of tables and columns are given once and never reused.
// Constant data, safe to read from any thread.
#pragma once

#include "schema/schema.hpp"

namespace eventcore::schema {

namespace enums {

inline constexpr std::string_view ticket_category_type_values[] = {
    "general_admission", "vip", "super_vip", "early_bird", "group", "student", "senior"};
inline constexpr EnumDef ticket_category_type{"ticket_category_type", ticket_category_type_values};
inline constexpr std::string_view pricing_rule_type_values[] = {
    "time_based", "demand_based", "inventory_based", "external_factor"};
inline constexpr EnumDef pricing_rule_type{"pricing_rule_type", pricing_rule_type_values};
inline constexpr std::string_view price_adjustment_type_values[] = {"percentage", "fixed_amount"};
inline constexpr EnumDef price_adjustment_type{"price_adjustment_type", price_adjustment_type_values};
inline constexpr std::string_view discount_type_values[] = {"percentage", "fixed_amount", "buy_x_get_y"};
inline constexpr EnumDef discount_type{"discount_type", discount_type_values};
inline constexpr std::string_view order_payment_status_values[] = {
    "pending", "processing", "paid", "failed", "refunded", "partially_refunded"};
inline constexpr EnumDef order_payment_status{"order_payment_status", order_payment_status_values};
inline constexpr std::string_view order_status_values[] = {"active", "cancelled", "refunded"};
inline constexpr EnumDef order_status{"order_status", order_status_values};
inline constexpr std::string_view ticket_status_values[] = {"valid", "used", "cancelled", "transferred"};
inline constexpr EnumDef ticket_status{"ticket_status", ticket_status_values};
inline constexpr std::string_view payment_kind_values[] = {"payment", "refund", "chargeback"};
inline constexpr EnumDef payment_kind{"payment_kind", payment_kind_values};
inline constexpr std::string_view payment_state_values[] = {"pending", "due", "succeeded", "failed"};
inline constexpr EnumDef payment_state{"payment_state", payment_state_values};
inline constexpr std::string_view check_in_outcome_values[] = {
    "forged", "wrong_event", "unknown", "revoked", "transferred", "cancelled", "unpaid", "wrong_gate",
    "not_yet_valid", "expired", "already_used", "admitted"};
inline constexpr EnumDef check_in_outcome{"check_in_outcome", check_in_outcome_values};
inline constexpr std::string_view check_in_direction_values[] = {"in", "out"};
inline constexpr EnumDef check_in_direction{"check_in_direction", check_in_direction_values};
inline constexpr std::string_view waitlist_status_values[] = {"waiting", "offered", "accepted", "expired", "withdrawn"};
inline constexpr EnumDef waitlist_status{"waitlist_status", waitlist_status_values};

}  // namespace enums

namespace tables {

inline constexpr ColumnDef ticket_categories_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the category."},
    {.id = 11, .name = "description", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "What the category is."},
    {.id = 12, .name = "category_type", .type = Type::enumeration, .values = &enums::ticket_category_type, .personal = not_personal, .doc = "Kind of category."},
    {.id = 13, .name = "base_price", .type = Type::money, .flags = not_null, .precision = 10, .min = 0, .personal = not_personal, .doc = "Price before rules."},
    {.id = 14, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code, taken from the event or the organization when not given."},
    {.id = 15, .name = "total_quantity", .type = Type::integer, .flags = not_null, .min = 0, .personal = not_personal, .doc = "Places there are."},
    {.id = 16, .name = "available_quantity", .type = Type::integer, .flags = not_null | derived, .min = 0, .personal = not_personal, .doc = "Places left; may be given at creation only and then becomes withheld_quantity."},
    {.id = 17, .name = "max_per_order", .type = Type::integer, .initial = "10", .min = 1, .personal = not_personal, .doc = "Most places in one order; null means no limit."},
    {.id = 18, .name = "sale_start_date", .type = Type::timestamptz, .personal = not_personal, .doc = "When the sale begins; null means at once."},
    {.id = 19, .name = "sale_end_date", .type = Type::timestamptz, .personal = not_personal, .doc = "When the sale ends; null means with the event."},
    {.id = 20, .name = "benefits", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "What comes with the ticket."},
    {.id = 21, .name = "pricing_rules", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Free remarks on prices; rules that count are in dynamic_pricing_rules."},
    {.id = 22, .name = "is_transferable", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether tickets may be passed on."},
    {.id = 23, .name = "is_refundable", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether tickets may be given back."},
    {.id = 24, .name = "refund_policy", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Refund terms in words."},
    {.id = 25, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the category is sold."},
    {.id = 26, .name = "withheld_quantity", .type = Type::integer, .flags = not_null, .initial = "0", .min = 0, .personal = not_personal, .doc = "Places kept back from sale."},
    {.id = 27, .name = "gates", .type = Type::text_array, .flags = long_column, .personal = not_personal, .doc = "Gates that admit the category; empty means all."},
    {.id = 28, .name = "valid_from", .type = Type::timestamptz, .personal = not_personal, .doc = "First moment of admission; null means 24 hours before the event."},
    {.id = 29, .name = "valid_until", .type = Type::timestamptz, .personal = not_personal, .doc = "Last moment of admission; null means 6 hours after the event."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef ticket_categories_indexes[] = {
    {.name = "ticket_categories_by_id", .columns = {"id"}, .store_wide = true},
    {.name = "ticket_categories_by_event_id", .columns = {"event_id"}},
};
inline constexpr CheckDef ticket_categories_checks[] = {
    {.name = "ticket_categories_stock",
     .sql = "available_quantity >= 0 AND available_quantity <= total_quantity",
     .doc = "Places left are never below 0 or above total."},
    {.name = "ticket_categories_withheld",
     .sql = "withheld_quantity >= 0 AND withheld_quantity <= total_quantity",
     .doc = "No more is kept back than there is."},
    {.name = "ticket_categories_sale_window",
     .sql = "sale_end_date > sale_start_date",
     .doc = "A sale ends after it began."},
    {.name = "ticket_categories_valid_window",
     .sql = "valid_until > valid_from",
     .doc = "Admission ends after it began."},
};
inline constexpr TableDef ticket_categories{
    .id = 27,
    .name = "ticket_categories",
    .domain = "ticketing",
    .columns = ticket_categories_columns,
    .indexes = ticket_categories_indexes,
    .checks = ticket_categories_checks,
    .parent = "event_id",
    .event_source = "event_id",
    .found_without_tenant = true,
    .access = {
        .view = {
            Predicate::event_reader, Predicate::public_event, Predicate::own_ticket_event,
            {Predicate::device, {"id", "name", "gates", "valid_from", "valid_until"}}},
        .create = {Predicate::event_editor},
        .update = {Predicate::event_editor},
        .remove = {Predicate::event_editor},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Kinds of tickets of an event, with price and stock.",
};

inline constexpr ColumnDef dynamic_pricing_rules_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived,
    {.id = 10, .name = "ticket_category_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ticket_categories", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The category whose price the rule changes."},
    {.id = 11, .name = "rule_name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = not_personal, .doc = "Name of the rule."},
    {.id = 12, .name = "rule_type", .type = Type::enumeration, .values = &enums::pricing_rule_type, .personal = not_personal, .doc = "What the rule looks at."},
    {.id = 13, .name = "conditions", .type = Type::json, .flags = not_null | long_column, .personal = not_personal, .doc = "Factors and what they must be for the rule to apply."},
    {.id = 14, .name = "price_adjustment_type", .type = Type::enumeration, .values = &enums::price_adjustment_type, .personal = not_personal, .doc = "How adjustment_value is meant."},
    {.id = 15, .name = "adjustment_value", .type = Type::decimal, .flags = not_null, .precision = 12, .scale = 4, .personal = not_personal, .doc = "Percent or amount added to the running price."},
    {.id = 16, .name = "min_price", .type = Type::money, .precision = 10, .min = 0, .personal = not_personal, .doc = "Lowest price after this rule; null means none, 0 is a bound."},
    {.id = 17, .name = "max_price", .type = Type::money, .precision = 10, .min = 0, .personal = not_personal, .doc = "Highest price after this rule; null means none."},
    {.id = 18, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the rule counts."},
    {.id = 19, .name = "priority", .type = Type::integer, .initial = "0", .personal = not_personal, .doc = "Highest first, null last."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef dynamic_pricing_rules_indexes[] = {
    {.name = "dynamic_pricing_rules_by_ticket_category_id", .columns = {"ticket_category_id"}},
    {.name = "dynamic_pricing_rules_by_event_id", .columns = {"event_id"}},
};
inline constexpr CheckDef dynamic_pricing_rules_checks[] = {
    {.name = "dynamic_pricing_rules_bounds",
     .sql = "min_price <= max_price",
     .doc = "The lower bound is not above the upper one."},
};
inline constexpr TableDef dynamic_pricing_rules{
    .id = 28,
    .name = "dynamic_pricing_rules",
    .domain = "ticketing",
    .columns = dynamic_pricing_rules_columns,
    .indexes = dynamic_pricing_rules_indexes,
    .checks = dynamic_pricing_rules_checks,
    .parent = "ticket_category_id",
    .event_source = "ticket_category_id",
    .access = {
        .view = {Predicate::event_editor, Predicate::org_manager},
        .create = {Predicate::event_editor},
        .update = {Predicate::event_editor},
        .remove = {Predicate::event_editor},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Rules that change the price of a category.",
};

inline constexpr ColumnDef pricing_calculations_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived,
    {.id = 10, .name = "ticket_category_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ticket_categories", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The category priced."},
    {.id = 11, .name = "order_id", .type = Type::uuid, .flags = immutable, .references = "ticket_orders", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The order the price went into."},
    {.id = 12, .name = "base_price", .type = Type::money, .flags = not_null, .precision = 10, .min = 0, .personal = not_personal, .doc = "Price before rules."},
    {.id = 13, .name = "final_price", .type = Type::money, .flags = not_null, .precision = 10, .min = 0, .personal = not_personal, .doc = "Price after rules, rounded."},
    {.id = 14, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code of both prices."},
    {.id = 15, .name = "factors", .type = Type::json, .flags = long_column, .initial = "{}", .personal = not_personal, .doc = "Factors at that moment."},
    {.id = 16, .name = "applied_rules", .type = Type::json, .flags = long_column, .initial = "[]", .personal = not_personal, .doc = "Each rule applied, with the price before and after."},
    {.id = 17, .name = "calculated_at", .type = Type::timestamptz, .flags = not_null, .initial = "now", .personal = not_personal, .doc = "When it was computed."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef pricing_calculations_indexes[] = {
    {.name = "pricing_calculations_by_ticket_category_id_calculated_at",
     .columns = {"ticket_category_id", "calculated_at"}},
    {.name = "pricing_calculations_by_event_id", .columns = {"event_id"}},
    {.name = "pricing_calculations_by_order_id", .columns = {"order_id"}},
};
inline constexpr TableDef pricing_calculations{
    .id = 44,
    .name = "pricing_calculations",
    .domain = "ticketing",
    .columns = pricing_calculations_columns,
    .indexes = pricing_calculations_indexes,
    .parent = "ticket_category_id",
    .event_source = "ticket_category_id",
    .access = {
        .view = {Predicate::event_editor, Predicate::org_manager},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "How the price of each order line came about.",
};

inline constexpr ColumnDef discount_codes_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_nullable,
    {.id = 10, .name = "code", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The code as it was given; compared folded."},
    {.id = 11, .name = "description", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "What the code is for."},
    {.id = 12, .name = "discount_type", .type = Type::enumeration, .values = &enums::discount_type, .personal = not_personal, .doc = "How discount_value is meant."},
    {.id = 13, .name = "discount_value", .type = Type::decimal, .flags = not_null, .precision = 12, .scale = 4, .min = 0, .personal = not_personal, .doc = "Percent, amount, or number of free tickets in a group."},
    {.id = 14, .name = "applicable_categories", .type = Type::uuid_array, .flags = long_column, .personal = not_personal, .doc = "Categories the code is good for; empty means all."},
    {.id = 15, .name = "min_quantity", .type = Type::integer, .initial = "1", .min = 1, .personal = not_personal, .doc = "Fewest eligible tickets."},
    {.id = 16, .name = "max_uses", .type = Type::integer, .min = 0, .personal = not_personal, .doc = "Most orders that may use the code; null means no limit."},
    {.id = 17, .name = "current_uses", .type = Type::integer, .flags = not_null | derived, .initial = "0", .min = 0, .personal = not_personal, .doc = "Orders that hold a use."},
    {.id = 18, .name = "max_uses_per_user", .type = Type::integer, .initial = "1", .min = 0, .personal = not_personal, .doc = "Most orders per folded e-mail; null means no limit."},
    {.id = 19, .name = "valid_from", .type = Type::timestamptz, .personal = not_personal, .doc = "When the code begins to be good."},
    {.id = 20, .name = "valid_until", .type = Type::timestamptz, .personal = not_personal, .doc = "When the code ceases to be good."},
    {.id = 21, .name = "is_active", .type = Type::boolean, .initial = "true", .personal = not_personal, .doc = "Whether the code can be used."},
    {.id = 22, .name = "currency", .type = Type::text, .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code of a fixed amount, taken from the event or the organization when not given."},
    {.id = 23, .name = "code_folded", .type = Type::text, .flags = not_null | engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "code", .personal = not_personal, .doc = "Folded twin of code."},
    standard::created_by,
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef discount_codes_uniques[] = {
    {.name = "discount_codes_event_id_code_folded_key", .columns = {"event_id", "code_folded"}},
};
inline constexpr IndexDef discount_codes_indexes[] = {
    {.name = "discount_codes_by_created_by", .columns = {"created_by"}},
};
inline constexpr CheckDef discount_codes_checks[] = {
    {.name = "discount_codes_period", .sql = "valid_until >= valid_from", .doc = "A code ends after it began."},
    {.name = "discount_codes_percentage",
     .sql = "discount_type <> 'percentage' OR discount_value <= 1000000",
     .doc = "A percentage is at most 100."},
    {.name = "discount_codes_group",
     .sql = "discount_type <> 'buy_x_get_y' OR (discount_value >= 10000 AND discount_value % 10000 = 0)",
     .doc = "A group gives at least one whole ticket free."},
};
inline constexpr TableDef discount_codes{
    .id = 29,
    .name = "discount_codes",
    .domain = "ticketing",
    .columns = discount_codes_columns,
    .uniques = discount_codes_uniques,
    .indexes = discount_codes_indexes,
    .checks = discount_codes_checks,
    .event_source = "event_id",
    .access = {
        .view = {Predicate::marketing_editor, Predicate::org_manager},
        .create = {Predicate::marketing_editor},
        .update = {Predicate::marketing_editor},
        .remove = {Predicate::marketing_editor},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Discount codes of an event or of the whole organization.",
};

inline constexpr ColumnDef ticket_orders_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "order_number", .type = Type::text, .flags = not_null | immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Number shown to the customer, unique in the organization."},
    {.id = 11, .name = "customer_email", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = about("customer_email"), .doc = "E-mail address of the buyer; empty only for box office and complimentary orders."},
    {.id = 12, .name = "customer_name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = about("customer_email"), .doc = "Name of the buyer."},
    {.id = 13, .name = "customer_phone", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("customer_email"), .doc = "Telephone number of the buyer."},
    {.id = 14, .name = "billing_address", .type = Type::json, .flags = long_column, .initial = "{}", .personal = about("customer_email"), .doc = "Where the invoice goes."},
    {.id = 15, .name = "subtotal", .type = Type::money, .flags = not_null, .precision = 10, .min = 0, .personal = not_personal, .doc = "Sum of unit prices."},
    {.id = 16, .name = "discount_amount", .type = Type::money, .flags = not_null, .initial = "0", .precision = 10, .min = 0, .personal = not_personal, .doc = "What the discount code takes off."},
    {.id = 17, .name = "taxes", .type = Type::money, .flags = not_null, .initial = "0", .precision = 10, .min = 0, .personal = not_personal, .doc = "All taxes, included ones too."},
    {.id = 18, .name = "fees", .type = Type::money, .flags = not_null, .initial = "0", .precision = 10, .min = 0, .personal = not_personal, .doc = "All fees."},
    {.id = 19, .name = "total_amount", .type = Type::money, .flags = not_null, .precision = 10, .min = 0, .personal = not_personal, .doc = "What is to be paid."},
    {.id = 20, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code of all amounts."},
    {.id = 21, .name = "payment_method", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "How it is paid."},
    {.id = 22, .name = "payment_status", .type = Type::enumeration, .flags = not_null | engine_column | import_only, .values = &enums::order_payment_status, .initial = "pending", .personal = not_personal, .doc = "State of payment, follows order_payments."},
    {.id = 23, .name = "order_status", .type = Type::enumeration, .flags = not_null | engine_column | import_only, .values = &enums::order_status, .initial = "active", .personal = not_personal, .doc = "State of the order."},
    {.id = 24, .name = "stripe_payment_intent_id", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Payment intent of the provider, unique in the organization."},
    {.id = 25, .name = "discount_code_used", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The code as it was used."},
    {.id = 26, .name = "referral_source", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Where the customer came from."},
    {.id = 27, .name = "user_agent", .type = Type::text, .flags = long_column, .personal = about("customer_email"), .doc = "Program the order was placed with."},
    {.id = 28, .name = "ip_address", .type = Type::inet, .personal = about("customer_email"), .doc = "Address the order was placed from."},
    {.id = 29, .name = "special_requirements", .type = Type::text, .flags = long_column, .personal = about("customer_email"), .doc = "What the customer asks for."},
    {.id = 30, .name = "discount_code_id", .type = Type::uuid, .references = "discount_codes", .on_delete = OnDelete::refuse, .personal = not_personal, .doc = "The code used."},
    {.id = 31, .name = "discount_terms", .type = Type::json, .flags = long_column, .personal = not_personal, .doc = "The code's terms as they were when the order was placed."},
    {.id = 32, .name = "expires_at", .type = Type::timestamptz, .personal = not_personal, .doc = "Until when an unpaid order holds its places."},
    {.id = 33, .name = "paid_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the order was paid."},
    {.id = 34, .name = "cancel_reason", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Why the order was cancelled."},
    {.id = 35, .name = "taxes_included", .type = Type::money, .flags = not_null, .initial = "0", .precision = 10, .min = 0, .personal = not_personal, .doc = "The part of taxes that prices already contain."},
    {.id = 36, .name = "rates", .type = Type::json, .flags = long_column, .personal = not_personal, .doc = "Tax and fee rates as they were when the order was placed."},
    {.id = 37, .name = "customer_email_folded", .type = Type::text, .flags = not_null | engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "customer_email", .personal = about("customer_email"), .doc = "Folded twin of customer_email."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef ticket_orders_uniques[] = {
    {.name = "ticket_orders_order_number_key", .columns = {"order_number"}},
    {.name = "ticket_orders_stripe_payment_intent_id_key",
     .columns = {"stripe_payment_intent_id"}, .unless_null = "stripe_payment_intent_id"},
};
inline constexpr IndexDef ticket_orders_indexes[] = {
    {.name = "ticket_orders_by_event_id_created_at", .columns = {"event_id", "created_at"}},
    {.name = "ticket_orders_by_event_id", .columns = {"event_id"}},
    {.name = "ticket_orders_by_expiry",
     .columns = {"order_status", "payment_status", "expires_at"}, .unless_null = "expires_at"},
    {.name = "ticket_orders_by_customer_email_folded_store_wide",
     .columns = {"customer_email_folded", "organization_id"}, .store_wide = true},
    {.name = "ticket_orders_by_id", .columns = {"id"}, .store_wide = true},
    {.name = "ticket_orders_by_discount_code_id", .columns = {"discount_code_id"}},
};
inline constexpr CheckDef ticket_orders_checks[] = {
    {.name = "ticket_orders_total",
     .sql = "total_amount = subtotal - discount_amount + fees + taxes - taxes_included",
     .doc = "The parts of an order add up to its total."},
    {.name = "ticket_orders_discount",
     .sql = "discount_amount <= subtotal",
     .doc = "No more is taken off than there is."},
    {.name = "ticket_orders_included",
     .sql = "taxes_included <= taxes",
     .doc = "Included taxes are a part of all taxes."},
};
inline constexpr TableDef ticket_orders{
    .id = 30,
    .name = "ticket_orders",
    .domain = "ticketing",
    .columns = ticket_orders_columns,
    .uniques = ticket_orders_uniques,
    .indexes = ticket_orders_indexes,
    .checks = ticket_orders_checks,
    .event_source = "event_id",
    .found_without_tenant = true,
    .access = {
        .view = {Predicate::event_staff, Predicate::own_order},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
        .column_rules = {{
            {.columns = {"ip_address", "user_agent"}, .read = {Predicate::org_manager}},
        }},
    },
    .doc = "Orders of tickets.",
};

inline constexpr ColumnDef ticket_order_items_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived,
    {.id = 10, .name = "order_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ticket_orders", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The order."},
    {.id = 11, .name = "ticket_category_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ticket_categories", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The category ordered."},
    {.id = 12, .name = "quantity", .type = Type::integer, .flags = not_null, .min = 1, .personal = not_personal, .doc = "Number of places."},
    {.id = 13, .name = "unit_price", .type = Type::money, .flags = not_null, .precision = 10, .min = 0, .personal = not_personal, .doc = "Price of one place before discount."},
    {.id = 14, .name = "subtotal", .type = Type::money, .flags = not_null, .precision = 10, .min = 0, .personal = not_personal, .doc = "Unit price times quantity."},
    {.id = 15, .name = "discount_amount", .type = Type::money, .flags = not_null, .initial = "0", .precision = 10, .min = 0, .personal = not_personal, .doc = "The line's share of the discount."},
    {.id = 16, .name = "taxes", .type = Type::money, .flags = not_null, .initial = "0", .precision = 10, .min = 0, .personal = not_personal, .doc = "The line's share of all taxes."},
    {.id = 17, .name = "taxes_included", .type = Type::money, .flags = not_null, .initial = "0", .precision = 10, .min = 0, .personal = not_personal, .doc = "The line's share of included taxes."},
    {.id = 18, .name = "fees", .type = Type::money, .flags = not_null, .initial = "0", .precision = 10, .min = 0, .personal = not_personal, .doc = "The line's share of fees."},
    {.id = 19, .name = "total", .type = Type::money, .flags = not_null, .precision = 10, .min = 0, .personal = not_personal, .doc = "The line's share of what is to be paid."},
    {.id = 20, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code of all amounts."},
    {.id = 21, .name = "attendees", .type = Type::json, .flags = long_column, .initial = "[]", .personal = about("attendees"), .doc = "Names, e-mails and telephones of those who will come, each identified by the e-mail within."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef ticket_order_items_indexes[] = {
    {.name = "ticket_order_items_by_ticket_category_id_created_at", .columns = {"ticket_category_id", "created_at"}},
    {.name = "ticket_order_items_by_event_id", .columns = {"event_id"}},
    {.name = "ticket_order_items_by_order_id", .columns = {"order_id"}},
};
inline constexpr CheckDef ticket_order_items_checks[] = {
    {.name = "ticket_order_items_subtotal",
     .sql = "subtotal = unit_price * quantity",
     .doc = "A line costs its unit price times its quantity."},
    {.name = "ticket_order_items_total",
     .sql = "total = subtotal - discount_amount + fees + taxes - taxes_included",
     .doc = "The parts of a line add up to its total."},
    {.name = "ticket_order_items_discount",
     .sql = "discount_amount <= subtotal",
     .doc = "No more is taken off than there is."},
    {.name = "ticket_order_items_included",
     .sql = "taxes_included <= taxes",
     .doc = "Included taxes are a part of all taxes."},
};
inline constexpr TableDef ticket_order_items{
    .id = 43,
    .name = "ticket_order_items",
    .domain = "ticketing",
    .columns = ticket_order_items_columns,
    .indexes = ticket_order_items_indexes,
    .checks = ticket_order_items_checks,
    .parent = "order_id",
    .event_source = "order_id",
    .access = {
        .view = {Predicate::event_staff, Predicate::own_order},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Lines of orders, one for each category ordered.",
};

inline constexpr ColumnDef order_payments_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived,
    {.id = 10, .name = "order_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ticket_orders", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The order paid or refunded."},
    {.id = 11, .name = "kind", .type = Type::enumeration, .flags = not_null | immutable, .values = &enums::payment_kind, .personal = not_personal, .doc = "Whether money came in or went back."},
    {.id = 12, .name = "status", .type = Type::enumeration, .flags = not_null | engine_column | import_only, .values = &enums::payment_state, .initial = "pending", .personal = not_personal, .doc = "State of the payment."},
    {.id = 13, .name = "amount", .type = Type::money, .flags = not_null, .precision = 10, .min = 0, .personal = not_personal, .doc = "The amount, never negative."},
    {.id = 14, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code of the amount."},
    {.id = 15, .name = "method", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "How it was paid."},
    {.id = 16, .name = "provider", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Who carries the payment."},
    {.id = 17, .name = "reference", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The provider's id of this payment or refund."},
    {.id = 18, .name = "ticket_shares", .type = Type::json, .flags = long_column, .personal = not_personal, .doc = "A refund's share for each ticket."},
    {.id = 19, .name = "occurred_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When it happened."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef order_payments_uniques[] = {
    {.name = "order_payments_provider_reference_kind_key",
     .columns = {"provider", "reference", "kind"}, .unless_null = "reference"},
};
inline constexpr IndexDef order_payments_indexes[] = {
    {.name = "order_payments_by_order_id", .columns = {"order_id"}},
    {.name = "order_payments_by_event_id_occurred_at", .columns = {"event_id", "occurred_at"}},
};
inline constexpr TableDef order_payments{
    .id = 45,
    .name = "order_payments",
    .domain = "ticketing",
    .columns = order_payments_columns,
    .uniques = order_payments_uniques,
    .indexes = order_payments_indexes,
    .parent = "order_id",
    .event_source = "order_id",
    .access = {
        .view = {Predicate::event_staff, Predicate::own_order},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Payments, refunds and chargebacks of orders.",
};

inline constexpr ColumnDef payment_events_columns[] = {
    standard::id,
    standard::organization_id,
    {.id = 10, .name = "provider", .type = Type::text, .flags = not_null | immutable, .length_max = name_length_max, .personal = not_personal, .doc = "Who sent the event."},
    {.id = 11, .name = "provider_event_id", .type = Type::text, .flags = not_null | immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The provider's id of the event."},
    {.id = 12, .name = "type", .type = Type::text, .flags = not_null | immutable, .length_max = name_length_max, .personal = not_personal, .doc = "The provider's name for what happened."},
    {.id = 13, .name = "order_id", .type = Type::uuid, .references = "ticket_orders", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The order concerned; null when none is known."},
    {.id = 14, .name = "effect", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "What the event changed here."},
    {.id = 15, .name = "received_at", .type = Type::timestamptz, .flags = not_null, .initial = "now", .personal = not_personal, .doc = "When the event came in."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef payment_events_uniques[] = {
    {.name = "payment_events_provider_provider_event_id_key", .columns = {"provider", "provider_event_id"}},
};
inline constexpr IndexDef payment_events_indexes[] = {
    {.name = "payment_events_by_received_at", .columns = {"received_at"}},
    {.name = "payment_events_by_order_id", .columns = {"order_id"}},
};
inline constexpr TableDef payment_events{
    .id = 46,
    .name = "payment_events",
    .domain = "ticketing",
    .columns = payment_events_columns,
    .uniques = payment_events_uniques,
    .indexes = payment_events_indexes,
    .access = {
        .view = {Predicate::org_admin},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Events received from payment providers, each taken once.",
};

inline constexpr ColumnDef tickets_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived,
    {.id = 10, .name = "order_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ticket_orders", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The order that bought the ticket."},
    {.id = 11, .name = "ticket_category_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ticket_categories", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The category of the ticket."},
    {.id = 12, .name = "ticket_number", .type = Type::text, .flags = not_null | immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Number printed on the ticket, unique in the organization."},
    {.id = 13, .name = "attendee_name", .type = Type::text, .flags = not_null, .length_max = name_length_max, .personal = about("attendee_email"), .doc = "Name of the holder."},
    {.id = 14, .name = "attendee_email", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = about("attendee_email"), .doc = "E-mail address of the holder."},
    {.id = 15, .name = "attendee_phone", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("attendee_email"), .doc = "Telephone number of the holder."},
    {.id = 16, .name = "qr_code_data", .type = Type::text, .flags = not_null, .length_max = 200, .personal = not_personal, .doc = "The signed code; it holds event, ticket and code_serial and so is unique."},
    {.id = 17, .name = "price_paid", .type = Type::money, .flags = not_null | immutable, .precision = 10, .min = 0, .personal = not_personal, .doc = "What was paid for this ticket; never changes."},
    {.id = 18, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code of the price."},
    {.id = 19, .name = "status", .type = Type::enumeration, .flags = not_null | engine_column | import_only, .values = &enums::ticket_status, .initial = "valid", .personal = not_personal, .doc = "State of the ticket."},
    {.id = 20, .name = "check_in_time", .type = Type::timestamptz, .personal = not_personal, .doc = "When the holder was admitted."},
    {.id = 21, .name = "transferred_to_email", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("transferred_to_email"), .doc = "E-mail address the ticket was passed on to."},
    {.id = 22, .name = "transferred_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When it was passed on."},
    {.id = 23, .name = "special_requirements", .type = Type::text, .flags = long_column, .personal = about("attendee_email"), .doc = "What the holder asks for."},
    {.id = 24, .name = "order_item_id", .type = Type::uuid, .flags = immutable, .references = "ticket_order_items", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The line of the order."},
    {.id = 25, .name = "code_serial", .type = Type::integer, .flags = not_null, .initial = "0", .min = 0, .max = 65535, .personal = not_personal, .doc = "Serial of the valid code; lower ones are revoked."},
    {.id = 26, .name = "key_id", .type = Type::integer, .min = 0, .max = 65535, .personal = not_personal, .doc = "Number of the event's key that signed the code."},
    {.id = 27, .name = "valid_from", .type = Type::timestamptz, .personal = not_personal, .doc = "First moment of admission."},
    {.id = 28, .name = "valid_until", .type = Type::timestamptz, .personal = not_personal, .doc = "Last moment of admission."},
    {.id = 29, .name = "transferred_from", .type = Type::uuid, .flags = immutable, .references = "tickets", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The ticket this one replaces after a transfer."},
    {.id = 30, .name = "attendee_email_folded", .type = Type::text, .flags = not_null | engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "attendee_email", .personal = about("attendee_email"), .doc = "Folded twin of attendee_email."},
    {.id = 31, .name = "transferred_to_email_folded", .type = Type::text, .flags = engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "transferred_to_email", .personal = about("transferred_to_email"), .doc = "Folded twin of transferred_to_email."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef tickets_uniques[] = {
    {.name = "tickets_ticket_number_key", .columns = {"ticket_number"}},
};
inline constexpr IndexDef tickets_indexes[] = {
    {.name = "tickets_by_event_id", .columns = {"event_id"}},
    {.name = "tickets_by_ticket_category_id", .columns = {"ticket_category_id"}},
    {.name = "tickets_by_attendee_email_folded_store_wide",
     .columns = {"attendee_email_folded", "organization_id"}, .store_wide = true},
    {.name = "tickets_by_transferred_to_email_folded", .columns = {"transferred_to_email_folded"}},
    {.name = "tickets_by_id", .columns = {"id"}, .store_wide = true},
    {.name = "tickets_by_order_id", .columns = {"order_id"}},
    {.name = "tickets_by_order_item_id", .columns = {"order_item_id"}},
    {.name = "tickets_by_transferred_from", .columns = {"transferred_from"}},
};
inline constexpr CheckDef tickets_checks[] = {
    {.name = "tickets_valid_window", .sql = "valid_until > valid_from", .doc = "Admission ends after it began."},
};
inline constexpr TableDef tickets{
    .id = 31,
    .name = "tickets",
    .domain = "ticketing",
    .columns = tickets_columns,
    .uniques = tickets_uniques,
    .indexes = tickets_indexes,
    .checks = tickets_checks,
    .parent = "order_id",
    .event_source = "ticket_category_id",
    .found_without_tenant = true,
    .searched = {"attendee_name", "ticket_number", "attendee_email", "attendee_phone"},
    .access = {
        .view = {
            Predicate::event_staff, Predicate::own_ticket,
            {Predicate::device, {"id", "ticket_number", "attendee_name", "ticket_category_id", "status"}}},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
        .column_rules = {{
            {.columns = {"qr_code_data"}, .read = {Predicate::box_office, Predicate::own_ticket}},
        }},
    },
    .doc = "Tickets, one for each place sold or given away.",
};

inline constexpr ColumnDef check_ins_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "ticket_id", .type = Type::uuid, .flags = immutable, .references = "tickets", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The ticket, if the code named one."},
    {.id = 11, .name = "code_digest", .type = Type::blob, .flags = immutable, .personal = not_personal, .doc = "Digest of the text scanned."},
    {.id = 12, .name = "outcome", .type = Type::enumeration, .flags = not_null | immutable, .values = &enums::check_in_outcome, .personal = not_personal, .doc = "What the scan came to."},
    {.id = 13, .name = "direction", .type = Type::enumeration, .flags = not_null | immutable, .values = &enums::check_in_direction, .initial = "in", .personal = not_personal, .doc = "Into the event or out of it."},
    {.id = 14, .name = "gate", .type = Type::text, .flags = immutable, .length_max = name_length_max, .personal = not_personal, .doc = "Gate of the scan."},
    {.id = 15, .name = "device_id", .type = Type::uuid, .references = "devices", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The device that scanned."},
    {.id = 16, .name = "operator_id", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user who scanned."},
    {.id = 17, .name = "scanned_at", .type = Type::timestamptz, .flags = not_null | immutable, .initial = "now", .personal = not_personal, .doc = "When it was scanned."},
    {.id = 18, .name = "nonce", .type = Type::text, .flags = immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "The caller's mark by which a repeated scan gets the same answer."},
    {.id = 19, .name = "undone_at", .type = Type::timestamptz, .personal = not_personal, .doc = "When the admission was taken back."},
    {.id = 20, .name = "reason", .type = Type::text, .flags = long_column, .personal = not_personal, .doc = "Why it was taken back."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef check_ins_uniques[] = {
    {.name = "check_ins_event_id_nonce_key", .columns = {"event_id", "nonce"}, .unless_null = "nonce"},
};
inline constexpr IndexDef check_ins_indexes[] = {
    {.name = "check_ins_by_event_id_scanned_at", .columns = {"event_id", "scanned_at"}},
    {.name = "check_ins_by_event_id", .columns = {"event_id"}},
    {.name = "check_ins_by_ticket_id_outcome_scanned_at", .columns = {"ticket_id", "outcome", "scanned_at"}},
    {.name = "check_ins_by_outcome_scanned_at", .columns = {"outcome", "scanned_at"}},
    {.name = "check_ins_by_device_id", .columns = {"device_id"}},
    {.name = "check_ins_by_operator_id", .columns = {"operator_id"}},
};
inline constexpr TableDef check_ins{
    .id = 47,
    .name = "check_ins",
    .domain = "ticketing",
    .columns = check_ins_columns,
    .uniques = check_ins_uniques,
    .indexes = check_ins_indexes,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_staff},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Every scan, admitted or refused.",
};

inline constexpr ColumnDef ticket_transfers_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived,
    {.id = 10, .name = "ticket_id", .type = Type::uuid, .flags = not_null | immutable, .references = "tickets", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The ticket passed on."},
    {.id = 11, .name = "new_ticket_id", .type = Type::uuid, .flags = not_null | immutable, .references = "tickets", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The ticket that replaces it."},
    {.id = 12, .name = "from_name", .type = Type::text, .length_max = name_length_max, .personal = about("from_email"), .doc = "Name of the former holder."},
    {.id = 13, .name = "from_email", .type = Type::text, .length_max = indexed_text_bytes_max, .personal = about("from_email"), .doc = "E-mail address of the former holder."},
    {.id = 14, .name = "to_name", .type = Type::text, .length_max = name_length_max, .personal = about("to_email"), .doc = "Name of the new holder."},
    {.id = 15, .name = "to_email", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = about("to_email"), .doc = "E-mail address of the new holder."},
    {.id = 16, .name = "transferred_at", .type = Type::timestamptz, .flags = not_null, .initial = "now", .personal = not_personal, .doc = "When it was passed on."},
    {.id = 17, .name = "transferred_by", .type = Type::uuid, .references = "users", .on_delete = OnDelete::set_null, .personal = not_personal, .doc = "The user who passed it on; null when the customer did."},
    {.id = 18, .name = "from_email_folded", .type = Type::text, .flags = engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "from_email", .personal = about("from_email"), .doc = "Folded twin of from_email."},
    {.id = 19, .name = "to_email_folded", .type = Type::text, .flags = not_null | engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "to_email", .personal = about("to_email"), .doc = "Folded twin of to_email."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef ticket_transfers_indexes[] = {
    {.name = "ticket_transfers_by_from_email_folded_store_wide",
     .columns = {"from_email_folded", "organization_id"}, .store_wide = true},
    {.name = "ticket_transfers_by_to_email_folded_store_wide",
     .columns = {"to_email_folded", "organization_id"}, .store_wide = true},
    {.name = "ticket_transfers_by_event_id", .columns = {"event_id"}},
    {.name = "ticket_transfers_by_ticket_id", .columns = {"ticket_id"}},
    {.name = "ticket_transfers_by_new_ticket_id", .columns = {"new_ticket_id"}},
    {.name = "ticket_transfers_by_transferred_by", .columns = {"transferred_by"}},
};
inline constexpr TableDef ticket_transfers{
    .id = 48,
    .name = "ticket_transfers",
    .domain = "ticketing",
    .columns = ticket_transfers_columns,
    .indexes = ticket_transfers_indexes,
    .parent = "ticket_id",
    .event_source = "ticket_id",
    .access = {
        .view = {Predicate::event_staff, Predicate::own_transfer},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Tickets passed on from one holder to another.",
};

inline constexpr ColumnDef waitlist_entries_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id_derived,
    {.id = 10, .name = "ticket_category_id", .type = Type::uuid, .flags = not_null | immutable, .references = "ticket_categories", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The category waited for."},
    {.id = 11, .name = "customer_email", .type = Type::text, .flags = not_null, .length_max = indexed_text_bytes_max, .personal = about("customer_email"), .doc = "E-mail address of who waits."},
    {.id = 12, .name = "customer_name", .type = Type::text, .length_max = name_length_max, .personal = about("customer_email"), .doc = "Name of who waits."},
    {.id = 13, .name = "quantity", .type = Type::integer, .flags = not_null, .initial = "1", .min = 1, .personal = not_personal, .doc = "Number of places wanted."},
    {.id = 14, .name = "status", .type = Type::enumeration, .flags = not_null | engine_column | import_only, .values = &enums::waitlist_status, .initial = "waiting", .personal = not_personal, .doc = "State of the entry."},
    {.id = 15, .name = "order_id", .type = Type::uuid, .references = "ticket_orders", .on_delete = OnDelete::cascade, .personal = not_personal, .doc = "The order that offers the places."},
    {.id = 16, .name = "offer_expires_at", .type = Type::timestamptz, .personal = not_personal, .doc = "Until when the offer stands."},
    {.id = 17, .name = "customer_email_folded", .type = Type::text, .flags = not_null | engine_column | internal, .length_max = indexed_text_bytes_max, .folds = "customer_email", .personal = about("customer_email"), .doc = "Folded twin of customer_email."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr IndexDef waitlist_entries_indexes[] = {
    {.name = "waitlist_entries_by_queue", .columns = {"ticket_category_id", "status", "created_at"}},
    {.name = "waitlist_entries_by_status_offer_expires_at_store_wide",
     .columns = {"status", "offer_expires_at"}, .store_wide = true},
    {.name = "waitlist_entries_by_customer_email_folded_store_wide",
     .columns = {"customer_email_folded", "organization_id"}, .store_wide = true},
    {.name = "waitlist_entries_by_id", .columns = {"id"}, .store_wide = true},
    {.name = "waitlist_entries_by_event_id", .columns = {"event_id"}},
    {.name = "waitlist_entries_by_order_id", .columns = {"order_id"}},
};
inline constexpr TableDef waitlist_entries{
    .id = 49,
    .name = "waitlist_entries",
    .domain = "ticketing",
    .columns = waitlist_entries_columns,
    .indexes = waitlist_entries_indexes,
    .parent = "ticket_category_id",
    .event_source = "ticket_category_id",
    .found_without_tenant = true,
    .access = {
        .view = {Predicate::event_staff, Predicate::own_waitlist},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Customers who wait for places.",
};

inline constexpr ColumnDef ticket_sales_analytics_columns[] = {
    standard::id,
    standard::organization_id,
    standard::event_id,
    {.id = 10, .name = "date", .type = Type::date, .flags = not_null | immutable, .personal = not_personal, .doc = "Local date of payment."},
    {.id = 11, .name = "hour", .type = Type::integer, .flags = immutable, .min = 0, .max = 23, .personal = not_personal, .doc = "Local hour of payment."},
    {.id = 12, .name = "ticket_category_id", .type = Type::uuid, .flags = immutable, .references = "ticket_categories", .on_delete = OnDelete::refuse, .personal = not_personal, .doc = "The category sold."},
    {.id = 13, .name = "tickets_sold", .type = Type::integer, .flags = not_null, .initial = "0", .min = 0, .personal = not_personal, .doc = "Tickets paid for."},
    {.id = 14, .name = "revenue", .type = Type::money, .flags = not_null, .initial = "0", .precision = 12, .min = 0, .personal = not_personal, .doc = "Sum of price_paid."},
    {.id = 15, .name = "currency", .type = Type::text, .flags = not_null, .initial = "USD", .length_max = 3, .personal = not_personal, .doc = "ISO 4217 code of the amounts."},
    {.id = 16, .name = "refunds_count", .type = Type::integer, .flags = not_null, .initial = "0", .min = 0, .personal = not_personal, .doc = "Tickets refunded."},
    {.id = 17, .name = "refunds_amount", .type = Type::money, .flags = not_null, .initial = "0", .precision = 12, .min = 0, .personal = not_personal, .doc = "Sum refunded."},
    {.id = 18, .name = "conversion_rate", .type = Type::decimal, .precision = 5, .scale = 4, .min = 0, .personal = not_personal, .doc = "Paid orders for each session that looked at the event; null without visits."},
    {.id = 19, .name = "average_order_value", .type = Type::money, .precision = 10, .min = 0, .personal = not_personal, .doc = "Revenue divided by orders."},
    {.id = 20, .name = "traffic_source", .type = Type::text, .flags = immutable, .length_max = indexed_text_bytes_max, .personal = not_personal, .doc = "Lower-cased referral source, or direct."},
    {.id = 21, .name = "device_type", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Kind of device."},
    {.id = 22, .name = "user_location", .type = Type::text, .length_max = name_length_max, .personal = not_personal, .doc = "Where buyers were."},
    {.id = 23, .name = "orders_count", .type = Type::integer, .flags = not_null, .initial = "0", .min = 0, .personal = not_personal, .doc = "Orders paid."},
    standard::version,
    standard::created_at,
    standard::updated_at,
};
inline constexpr UniqueDef ticket_sales_analytics_uniques[] = {
    {.name = "ticket_sales_analytics_event_id_date_key",
     .columns = {"event_id", "date", "hour", "ticket_category_id", "traffic_source"}},
};
inline constexpr IndexDef ticket_sales_analytics_indexes[] = {
    {.name = "ticket_sales_analytics_by_ticket_category_id", .columns = {"ticket_category_id"}},
};
inline constexpr TableDef ticket_sales_analytics{
    .id = 32,
    .name = "ticket_sales_analytics",
    .domain = "ticketing",
    .columns = ticket_sales_analytics_columns,
    .uniques = ticket_sales_analytics_uniques,
    .indexes = ticket_sales_analytics_indexes,
    .parent = "event_id",
    .event_source = "event_id",
    .access = {
        .view = {Predicate::event_editor, Predicate::org_manager},
        .create = {Predicate::engine},
        .update = {Predicate::engine},
        .remove = {Predicate::engine},
        .group = Group::ticketing,
        .keys = KeyAccess::full,
    },
    .doc = "Sales by local hour, category and source.",
};

}  // namespace tables

}  // namespace eventcore::schema
