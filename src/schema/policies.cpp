#include "schema/policies.hpp"

namespace eventcore::schema {

std::string_view predicate_name(Predicate p) {
  switch (p) {
    case Predicate::nobody: return "nobody";
    case Predicate::engine: return "engine";
    case Predicate::command: return "command";
    case Predicate::everyone: return "everyone";
    case Predicate::service: return "service";
    case Predicate::org_user: return "org_user";
    case Predicate::org_member: return "org_member";
    case Predicate::org_manager: return "org_manager";
    case Predicate::org_admin: return "org_admin";
    case Predicate::org_owner: return "org_owner";
    case Predicate::event_reader: return "event_reader";
    case Predicate::event_staff: return "event_staff";
    case Predicate::event_editor: return "event_editor";
    case Predicate::marketing_editor: return "marketing_editor";
    case Predicate::sponsorship_editor: return "sponsorship_editor";
    case Predicate::box_office: return "box_office";
    case Predicate::any_sponsorship_manager: return "any_sponsorship_manager";
    case Predicate::self: return "self";
    case Predicate::assignee: return "assignee";
    case Predicate::creator: return "creator";
    case Predicate::recipient: return "recipient";
    case Predicate::own_sponsor: return "own_sponsor";
    case Predicate::own_order: return "own_order";
    case Predicate::own_ticket: return "own_ticket";
    case Predicate::own_transfer: return "own_transfer";
    case Predicate::own_waitlist: return "own_waitlist";
    case Predicate::conversation_self: return "conversation_self";
    case Predicate::unapproved_creator: return "unapproved_creator";
    case Predicate::public_event: return "public_event";
    case Predicate::own_ticket_event: return "own_ticket_event";
    case Predicate::own_sponsor_event: return "own_sponsor_event";
    case Predicate::device: return "device";
    case Predicate::every_user_and_key: return "every_user_and_key";
    case Predicate::campaign_staff: return "campaign_staff";
    case Predicate::member_self: return "member_self";
  }
  return "";
}

std::string_view group_name(Group g) {
  switch (g) {
    case Group::organization: return "organization";
    case Group::events: return "events";
    case Group::ai: return "ai";
    case Group::marketing: return "marketing";
    case Group::sponsorship: return "sponsorship";
    case Group::ticketing: return "ticketing";
    case Group::analytics: return "analytics";
    case Group::communication: return "communication";
  }
  return "";
}

}  // namespace eventcore::schema
