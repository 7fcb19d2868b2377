// What was measured, as tables for people and as JSON for programs; and beside it what was aimed at.
#pragma once

#include <map>

#include "peer.hpp"

namespace bench {

struct Cell {
  Work work;
  int callers;
};

using Rates = std::vector<double>;
using Results = std::map<std::size_t, std::map<std::string, Rates>>;  // by cell, by peer

struct Figures {
  Results rates;   // calls a second
  Results cpu_us;  // processor time of a call, both user and system, in microseconds
  Results scans;   // a second, of sell_and_scan, whose rates are sales
};

// Prints everything and answers it as JSON.
Json report(const std::vector<Cell>& cells, const std::vector<std::unique_ptr<Peer>>& peers, const Figures& figures);

}  // namespace bench
