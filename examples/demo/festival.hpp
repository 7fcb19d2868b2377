// The demo's story, a function a chapter: set up, sell, refuse, give back, offer, let in, report, prove.
#pragma once

#include <eventcore/engine.hpp>
#include <string>
#include <vector>

#include "host.hpp"

namespace demo {

struct Tenant {
  std::string name;
  std::string organization_id;
  std::string owner_id;
  std::string event_id;
  std::vector<std::string> categories;  // ticket_categories ids
};

struct Festival {
  Tenant conference;  // imported from the Open Event folder
  Tenant concert;
  Tenant workshop;            // its room has five places
  std::int64_t start_us = 0;  // of the conference
  std::int64_t end_us = 0;
};

// When the conference begins and ends, read from the folder before the store exists, so that the clock can be set.
void read_dates(const std::string& folder, Festival& festival);

void set_up(eventcore::Engine& engine, const std::string& folder, Festival& festival);

// Box office and online shop at once, from several threads, over simulated weeks. Answers how many places were sold.
long sell(eventcore::Engine& engine, const Festival& festival);

void expire_one_order(eventcore::Engine& engine, const Festival& festival);
void refuse_to_oversell(eventcore::Engine& engine, const Festival& festival);
void show_isolation(eventcore::Engine& engine, const Festival& festival);

// Three places with a discount code, one of them given back; answers the sale.
Json sell_with_a_code(eventcore::Engine& engine, const Festival& festival);

void hear_from_stripe(eventcore::Engine& engine, const Festival& festival);
void serve_who_waits(eventcore::Engine& engine, const Festival& festival);

// Writes the codes of sold tickets, with duplicates and a forged one, and lets the C program `gate` check them in.
void open_the_gate(eventcore::Engine& engine, const Festival& festival, const std::string& output,
                   const std::string& gate_program);

// The second ticket of that sale goes to somebody else, who comes to the gate.
void pass_on_and_search(eventcore::Engine& engine, const Festival& festival, const Json& sale);

void report(eventcore::Engine& engine, const Festival& festival, const std::string& output);

// False when something does not add up.
bool prove(eventcore::Engine& engine);

}  // namespace demo
