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

void Panel::plan_visits(PanelKind kind) {
  const bool is_ribbon = kind == PanelKind::kRibbon;
  const bool is_columns = kind == PanelKind::kColumns;
  const bool gathers = shape.gather_pitch != 0;
  const std::int64_t row_bytes = shape.cols * shape.item_bytes;
  // A visit is a number of these: groups of rows that fill a line, rows of runs, outer positions.
  const std::int64_t unit = is_columns ? 64 / shape.item_bytes : 1;
  const std::int64_t whole = is_ribbon ? shape.outers : shape.rows;
  const std::int64_t units = (whole + unit - 1) / unit;
  std::int64_t most = units;
  if (kind == PanelKind::kRuns)
    most = std::clamp<std::int64_t>(kMostVisitBytes / shape.item_bytes, 1, units);
  // Where the rows of units [first, first + count) begin.
  const auto places_of = [&](std::int64_t first, std::int64_t count) {
    const auto begin = static_cast<std::size_t>(first * unit);
    const auto end = static_cast<std::size_t>(std::min(whole, (first + count) * unit));
    if (!is_ribbon)
      return Sizes(row_src_.begin() + static_cast<std::ptrdiff_t>(begin),
                   row_src_.begin() + static_cast<std::ptrdiff_t>(end));
    Sizes places;
    for (std::size_t o = begin; o < end; ++o)
      for (std::size_t r = 0; r < static_cast<std::size_t>(shape.rows); ++r)
        places.push_back(outer_src_[o] + row_src_[r]);
    return places;
  };

  const PanelTuning& tuning = panel_tuning();
  const bool bytes = is_columns && shape.item_bytes == 1;
  const std::int64_t visit_bytes = bytes ? tuning.byte_visit_bytes : tuning.visit_bytes;
  std::int64_t visit = 1;
  std::int64_t places = 1;
  bool as_rows = gathers;
  bool fetches = true;
  if (!gathers && !is_ribbon && row_bytes >= tuning.long_row_bytes) {
    const std::int64_t rows = is_columns ? kLongRows : kLongRuns;
    visit =
        std::clamp<std::int64_t>(rows / unit, 1, is_columns ? std::min(most, kLongLines) : most);
    const Sizes at = places_of(0, visit);
    crowded = is_columns && in_one_set(at, kNearSets) * kNearBlocks > kNearWays;
    as_rows = !crowded || row_bytes >= kLongestJoined ||
              mean_bytes(joined(at, row_bytes)) < 2 * row_bytes;
    crowded_far = crowded && as_rows && in_one_set(at, kFarSets) > kFarWays;
    // What is fetched would be lost again; the second-level cache's own prefetcher does it.
    fetches = !crowded || !as_rows;
    places = visit * unit;
    if (crowded_far) visit = std::max<std::int64_t>(1, visit / 2);
    shape.lead_lines = kLeadLines;
  }
  if (is_ribbon && tuning.ribbon_lead_lines > 0) {
    // Ribbons that go on side by side in the source have long rows together.
    std::int64_t together = 1;
    while (together < shape.outers &&
           outer_src_[static_cast<std::size_t>(together)] == together * row_bytes)
      ++together;
    if (shape.outers % together == 0 && row_bytes * together >= tuning.long_row_bytes) {
      as_rows = true;
      visit = together;
    } else if (row_bytes * shape.rows > tuning.most_joined_ribbon_bytes) {
      as_rows = true;
    }
    places = shape.rows;
    shape.lead_lines = tuning.ribbon_lead_lines;
  }
  if (gathers) {
    places = tuning.gathered_places;
    shape.lead_lines = tuning.gathered_lead_lines;
    visit = kGatheredLines;
    for (std::int64_t r = 0; r < visit * unit + kRowPadding; ++r)
      gathered_.push_back(std::min(r, visit * unit - 1) * shape.gather_pitch);
  } else if (!as_rows) {
    const std::int64_t unit_bytes = row_bytes * (is_ribbon ? shape.rows : unit);
    visit = std::clamp<std::int64_t>(visit_bytes / unit_bytes, 1, most);
    // More at a visit, if its rows join one another then.
    const auto stretch = [&](std::int64_t count) {
      return mean_bytes(joined(places_of(0, count), row_bytes));
    };
    std::int64_t more = visit;
    while (more < most && 2 * more * unit_bytes <= tuning.most_visit_bytes &&
           stretch(more) < kJoinedBytes)
      more = std::min(most, 2 * more);
    if (stretch(more) >= 2 * stretch(visit)) visit = more;
    places = bytes ? tuning.byte_places : tuning.places;
    shape.lead_lines = 0;
  }

  for (std::int64_t u = 0; u < units; u += visit) {
    // The outer positions of one visit to a ribbon's rows go on side by side.
    const auto parts =
        as_rows ? separate(places_of(u, is_ribbon ? 1 : visit), row_bytes * (is_ribbon ? visit : 1))
                : cut(joined(places_of(u, visit), row_bytes), places, tuning.least_place_bytes);
    Visit v{.first_front = static_cast<std::int64_t>(fronts_.size())};
    for (std::size_t i = 0; i < parts.size();) {
      Front f{.first = static_cast<std::int64_t>(places_.size())};
      for (; i < parts.size() && f.places < places; ++i, ++f.places) {
        places_.push_back(parts[i].begin);
        f.lines = std::max(f.lines, (parts[i].bytes() + 63) / 64);
      }
      if (fetches) v.lines += f.places * f.lines;
      ++v.fronts;
      fronts_.push_back(f);
    }
    if (u == 0) read_bytes = mean_bytes(parts);
    visits_.push_back(v);
  }
  if (shape.lead_lines == 0 || !fetches) shape.lead_lines = visits_.front().lines;
  shape.visit = visit * unit;
  shape.visits = static_cast<std::int64_t>(visits_.size());
  shape.visit_outers = is_ribbon ? 1 : shape.outers;
  shape.plan = visits_.data();
  shape.fronts = fronts_.data();
  shape.places = places_.data();
  shape.gathered = gathered_.data();
}

}  // namespace shapewright
