// Runs ahead of a panel and fetches what it will read: see PanelScout.
#pragma once

// Goes on to the next outer position or visit; false where nothing is left.
inline bool open_window(PanelScout& s, const PanelPlace& next) {
  s.line = s.front = 0;
  if (++s.outer < s.shape->visit_outers) return true;
  s.outer = 0;
  if (++s.visit < s.shape->visits) return true;
  if (s.in_next || next.shape == nullptr) return false;
  s.in_next = true;
  s.shape = next.shape;
  s.src = next.src;
  s.visit = 0;
  return true;
}

inline void fetch_lines(PanelScout& s, const PanelPlace& next, I64 lines) {
  s.owed += lines;
  while (s.owed > 0 && s.visit < s.shape->visits) {
    const Front& f = s.shape->fronts[s.shape->plan[s.visit].first_front + s.front];
    const Byte* at = s.src + s.shape->outer_src[s.outer] + s.line * 64;
    const I64* places = s.shape->places + f.first;
    for (I64 i = 0; i < f.places; ++i) prefetch(at + places[i]);
    s.owed -= f.places;
    if (++s.line < f.lines) continue;
    s.line = 0;
    if (++s.front == s.shape->plan[s.visit].fronts) open_window(s, next);
  }
}

// At the start of a panel: goes on where it was, or from here.
inline void start_scout(PanelScout& s, const PanelPlace& now, const PanelPlace& next) {
  if (s.in_next) {
    s.in_next = false;
    return;
  }
  s = {.shape = now.shape, .src = now.src};
  fetch_lines(s, next, now.shape->lead_lines);
}

// Brings `lines` lines of the scout's window together at `to`.
inline void gather_lines(PanelScout& s, I64 lines, Byte* to) {
  if (s.visit >= s.shape->visits) return;
  const PanelShape& p = *s.shape;
  const Visit& v = p.plan[s.visit];
  const I64 last = p.cols * p.item_bytes - 64;
  while (lines > 0 && s.front < v.fronts) {
    const Front& f = p.fronts[v.first_front + s.front];
    const I64 at = s.line * 64 < last ? s.line * 64 : last;
    const I64* places = p.places + f.first;
    const Byte* from = s.src + p.outer_src[s.outer] + at;
    if (const I64 ahead = s.front + 1 + p.lead_lines / (f.places * f.lines); ahead < v.fronts) {
      const Front& next = p.fronts[v.first_front + ahead];
      for (I64 i = 0; i < next.places; ++i)
        prefetch(s.src + p.outer_src[s.outer] + at + p.places[next.first + i]);
    }
    Byte* row = to + (f.first - p.fronts[v.first_front].first) * p.gather_pitch + at;
    for (I64 i = 0; i < f.places; ++i, row += p.gather_pitch)
      for (int b = 0; b < 64; b += kVectorBytes)
        store<kVectorBytes>(row + b, load<kVectorBytes>(from + places[i] + b));
    lines -= f.places;
    if (++s.line < f.lines) continue;
    s.line = 0;
    ++s.front;
  }
}

// Shares what is to be fetched for one visit out over its steps.
struct Ration {
  I64 each, rest, steps, owed = 0;

  Ration(I64 lines, I64 of) : each(lines / of), rest(lines % of), steps(of) {}
  I64 next() {
    owed += rest;
    if (owed < steps) return each;
    owed -= steps;
    return each + 1;
  }
};
