// The organization's secrets, opened for a rule that needs them. They leave the unit of work by no way.
// Thread: belongs to one unit of work.
#pragma once

#include <eventcore/result.hpp>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "work/reading.hpp"

namespace eventcore::rules::organization {

// Signs what Stripe says about the organization's own sales.
inline constexpr std::string_view stripe_webhook = "stripe_webhook";
// Signs what Stripe says about what the organization pays to the operator of this store: only the service sets it,
// since whoever knows it can choose the organization's plan.
inline constexpr std::string_view stripe_billing = "stripe_billing";

Result<std::vector<SecretBytes>> active_secrets(work::Reading& reading, const Uuid& organization,
                                                std::string_view kind);

}  // namespace eventcore::rules::organization
