// What a panel reads at a time, and in which order that is fetched.
//
// Measured on Granite Rapids and on Zen 5; what differs between the two is in panel_tuning.cpp.
#include <algorithm>
#include <utility>

#include "copy/panel.h"
#include "copy/panel_tuning.h"

namespace shapewright {
namespace {

using Sizes = std::vector<std::int64_t>;

// Long rows that join one another and crowd the cache are read as rows from this length on.
constexpr std::int64_t kLongestJoined = 4096;
constexpr std::int64_t kLongRows = 32;  // as many streams as a core's prefetchers follow
constexpr std::int64_t kLongRuns = 16;
constexpr std::int64_t kLongLines = 2;  // of a column: pairs, where rows allow them
constexpr std::int64_t kLeadLines = 128;
constexpr std::int64_t kJoinedBytes = 2048;  // of a stretch of shorter rows that are joined
constexpr std::int64_t kGatheredLines = 2;

// Sets and ways of the caches, such as every current x86-64 has at least.
constexpr std::int64_t kNearSets = 64;
constexpr std::int64_t kNearWays = 12;
constexpr std::int64_t kNearBlocks = 3;  // of lines that are there at a time: turned and fetched
constexpr std::int64_t kFarSets = 1024;
constexpr std::int64_t kFarWays = 8;  // half of them, for what is fetched ahead takes the others

struct Stretch {
  std::int64_t begin = 0, end = 0;
  std::int64_t bytes() const { return end - begin; }
};

std::int64_t bytes_of(const std::vector<Stretch>& stretches) {
  std::int64_t sum = 0;
  for (const Stretch& s : stretches) sum += s.bytes();
  return sum;
}
std::int64_t mean_bytes(const std::vector<Stretch>& stretches) {
  return bytes_of(stretches) / static_cast<std::int64_t>(stretches.size());
}

std::vector<Stretch> separate(const Sizes& places, std::int64_t bytes) {
  std::vector<Stretch> found;
  for (const std::int64_t at : places) found.push_back({at, at + bytes});
  return found;
}
// From the lowest address; those with no whole line between them become one.
std::vector<Stretch> joined(Sizes places, std::int64_t bytes) {
  std::sort(places.begin(), places.end());
  std::vector<Stretch> found;
  for (const std::int64_t at : places) {
    if (!found.empty() && at < found.back().end + 64)
      found.back().end = std::max(found.back().end, at + bytes);
    else
      found.push_back({at, at + bytes});
  }
  return found;
}
// Few long stretches are cut, so that there are places enough.
std::vector<Stretch> cut(const std::vector<Stretch>& stretches, std::int64_t places,
                         std::int64_t least_bytes) {
  const std::int64_t part = std::max(least_bytes, bytes_of(stretches) / places);
  std::vector<Stretch> parts;
  for (const Stretch& s : stretches) {
    const std::int64_t pieces = std::max<std::int64_t>(1, (s.bytes() + part / 2) / part);
    const std::int64_t piece = (s.bytes() / pieces + 63) / 64 * 64;
    for (std::int64_t at = s.begin; at < s.end; at += piece)
      parts.push_back({at, std::min(at + piece, s.end)});
  }
  return parts;
}

// How many lines of these places, at most, fall into one set of a cache.
std::int64_t in_one_set(const Sizes& places, std::int64_t sets) {
  Sizes count(static_cast<std::size_t>(sets), 0);
  std::int64_t most = 0;
  for (const std::int64_t at : places)
    most = std::max(most, ++count[static_cast<std::size_t>(at / 64 % sets)]);
  return most;
}

}  // namespace

// A visit is a number of units: groups of rows that fill a line, rows of runs, outer positions.
struct Panel::Units {
  PanelKind kind;
  std::int64_t rows = 1;  // of one, or outer positions
  std::int64_t whole = 0;
  std::int64_t count = 0;
  std::int64_t most = 0;  // at a visit
  std::int64_t row_bytes = 0;

  bool is_ribbon() const { return kind == PanelKind::kRibbon; }
  bool is_columns() const { return kind == PanelKind::kColumns; }
};

struct Panel::Reading {
  std::int64_t visit = 1;  // units
  std::int64_t places = 1;
  bool as_rows = false;
  bool fetches = true;
};

// Where the rows of units [first, first + count) begin.
Sizes Panel::places_of(const Units& units, std::int64_t first, std::int64_t count) const {
  const auto begin = static_cast<std::size_t>(first * units.rows);
  const auto end = static_cast<std::size_t>(std::min(units.whole, (first + count) * units.rows));
  if (!units.is_ribbon())
    return Sizes(row_src_.begin() + static_cast<std::ptrdiff_t>(begin),
                 row_src_.begin() + static_cast<std::ptrdiff_t>(end));
  Sizes places;
  for (std::size_t o = begin; o < end; ++o)
    for (std::size_t r = 0; r < static_cast<std::size_t>(shape.rows); ++r)
      places.push_back(outer_src_[o] + row_src_[r]);
  return places;
}

void Panel::read_long_rows(const Units& units, Reading& reading) {
  const std::int64_t rows = units.is_columns() ? kLongRows : kLongRuns;
  reading.visit = std::clamp<std::int64_t>(
      rows / units.rows, 1, units.is_columns() ? std::min(units.most, kLongLines) : units.most);
  const Sizes at = places_of(units, 0, reading.visit);
  crowded = units.is_columns() && in_one_set(at, kNearSets) * kNearBlocks > kNearWays;
  reading.as_rows = !crowded || units.row_bytes >= kLongestJoined ||
                    mean_bytes(joined(at, units.row_bytes)) < 2 * units.row_bytes;
  crowded_far = crowded && reading.as_rows && in_one_set(at, kFarSets) > kFarWays;
  // What is fetched would be lost again; the second-level cache's own prefetcher does it.
  reading.fetches = !crowded || !reading.as_rows;
  reading.places = reading.visit * units.rows;
  if (crowded_far) reading.visit = std::max<std::int64_t>(1, reading.visit / 2);
  shape.lead_lines = kLeadLines;
}

// Ribbons that go on side by side in the source have long rows together.
void Panel::read_ribbons(const Units& units, Reading& reading) {
  const PanelTuning& tuning = panel_tuning();
  std::int64_t together = 1;
  while (together < shape.outers &&
         outer_src_[static_cast<std::size_t>(together)] == together * units.row_bytes)
    ++together;
  if (shape.outers % together == 0 && units.row_bytes * together >= tuning.long_row_bytes) {
    reading.as_rows = true;
    reading.visit = together;
  } else if (units.row_bytes * shape.rows > tuning.most_joined_ribbon_bytes) {
    reading.as_rows = true;
  }
  reading.places = shape.rows;
  shape.lead_lines = tuning.ribbon_lead_lines;
}

void Panel::gather_lines(const Units& units, Reading& reading) {
  const PanelTuning& tuning = panel_tuning();
  reading.places = tuning.gathered_places;
  shape.lead_lines = tuning.gathered_lead_lines;
  reading.visit = kGatheredLines;
  const std::int64_t rows = reading.visit * units.rows;
  for (std::int64_t r = 0; r < rows + kRowPadding; ++r)
    gathered_.push_back(std::min(r, rows - 1) * shape.gather_pitch);
}

void Panel::join_short_rows(const Units& units, Reading& reading) {
  const PanelTuning& tuning = panel_tuning();
  const bool is_bytes = units.is_columns() && shape.item_bytes == 1;
  const std::int64_t unit_bytes = units.row_bytes * (units.is_ribbon() ? shape.rows : units.rows);
  const std::int64_t visit_bytes = is_bytes ? tuning.byte_visit_bytes : tuning.visit_bytes;
  reading.visit = std::clamp<std::int64_t>(visit_bytes / unit_bytes, 1, units.most);
  // More at a visit, if its rows join one another then.
  const auto stretch = [&](std::int64_t count) {
    return mean_bytes(joined(places_of(units, 0, count), units.row_bytes));
  };
  std::int64_t more = reading.visit;
  while (more < units.most && 2 * more * unit_bytes <= tuning.most_visit_bytes &&
         stretch(more) < kJoinedBytes)
    more = std::min(units.most, 2 * more);
  if (stretch(more) >= 2 * stretch(reading.visit)) reading.visit = more;
  reading.places = is_bytes ? tuning.byte_places : tuning.places;
  shape.lead_lines = 0;
}

void Panel::list_visits(const Units& units, const Reading& reading) {
  for (std::int64_t u = 0; u < units.count; u += reading.visit) {
    // The outer positions of one visit to a ribbon's rows go on side by side.
    const auto parts = reading.as_rows
                           ? separate(places_of(units, u, units.is_ribbon() ? 1 : reading.visit),
                                      units.row_bytes * (units.is_ribbon() ? reading.visit : 1))
                           : cut(joined(places_of(units, u, reading.visit), units.row_bytes),
                                 reading.places, panel_tuning().least_place_bytes);
    Visit v{.first_front = static_cast<std::int64_t>(fronts_.size())};
    for (std::size_t i = 0; i < parts.size();) {
      Front f{.first = static_cast<std::int64_t>(places_.size())};
      for (; i < parts.size() && f.places < reading.places; ++i, ++f.places) {
        places_.push_back(parts[i].begin);
        f.lines = std::max(f.lines, (parts[i].bytes() + 63) / 64);
      }
      if (reading.fetches) v.lines += f.places * f.lines;
      ++v.fronts;
      fronts_.push_back(f);
    }
    if (u == 0) read_bytes = mean_bytes(parts);
    visits_.push_back(v);
  }
}

void Panel::plan_visits(PanelKind kind) {
  Units units{.kind = kind, .row_bytes = shape.cols * shape.item_bytes};
  if (units.is_columns()) units.rows = 64 / shape.item_bytes;
  units.whole = units.is_ribbon() ? shape.outers : shape.rows;
  units.count = (units.whole + units.rows - 1) / units.rows;
  units.most = units.count;
  if (kind == PanelKind::kRuns)
    units.most = std::clamp<std::int64_t>(kMostVisitBytes / shape.item_bytes, 1, units.count);

  const PanelTuning& tuning = panel_tuning();
  Reading reading;
  if (shape.gather_pitch != 0) {
    reading.as_rows = true;
    gather_lines(units, reading);
  } else {
    if (!units.is_ribbon() && units.row_bytes >= tuning.long_row_bytes)
      read_long_rows(units, reading);
    if (units.is_ribbon() && tuning.ribbon_lead_lines > 0) read_ribbons(units, reading);
    if (!reading.as_rows) join_short_rows(units, reading);
  }
  list_visits(units, reading);

  if (shape.lead_lines == 0 || !reading.fetches) shape.lead_lines = visits_.front().lines;
  shape.visit = reading.visit * units.rows;
  shape.visits = static_cast<std::int64_t>(visits_.size());
  shape.visit_outers = units.is_ribbon() ? 1 : shape.outers;
  shape.plan = visits_.data();
  shape.fronts = fronts_.data();
  shape.places = places_.data();
  shape.gathered = gathered_.data();
}

}  // namespace shapewright
