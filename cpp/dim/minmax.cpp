// Max, min and broadcast: n-ary atoms whose arms are flattened, sorted, and free of arms that never
// decide.
#include <algorithm>

#include "base/checked.h"
#include "dim/construct.h"

namespace shapewright::algebra {
namespace {

using Arms = SmallBuffer<Dim, 16>;

// The arms of d as an extremum of `kind`: c + q * max(x, y) is max(c + q x, c + q y) for q > 0, and
// a min for q < 0.
void collect_arms(State& s, AtomKind kind, Dim d, Arms& arms) {
  const auto affine = as_affine_atom(s, d);
  if (affine) {
    const Atom& atom = s.atoms[affine->atom];
    const AtomKind mirrored = kind == AtomKind::kMax ? AtomKind::kMin : AtomKind::kMax;
    if (atom.kind == (affine->coeff > 0 ? kind : mirrored)) {
      Arms found;
      for (const Dim arm : atom.args) {
        const auto moved = try_linear(s, Dim(affine->constant), arm, affine->coeff);
        if (!moved) break;
        found.push_back(*moved);
      }
      if (found.size() == atom.args.size()) {
        for (const Dim arm : found) arms.push_back(arm);
        return;
      }
    }
  }
  arms.push_back(d);
}

// Keeps the arms that may decide. An arm that another one equals for sure goes too.
void drop_dominated(AtomKind kind, Arms& arms) {
  std::sort(arms.begin(), arms.end(), [](Dim x, Dim y) { return x.word() < y.word(); });
  arms.truncate(static_cast<std::size_t>(std::unique(arms.begin(), arms.end()) - arms.begin()));
  for (std::size_t i = 0; i < arms.size();) {
    bool dominated = false;
    for (std::size_t j = 0; j < arms.size() && !dominated; ++j) {
      if (i == j) continue;
      dominated = (kind == AtomKind::kMax ? prove_le(arms[i], arms[j])
                                          : prove_le(arms[j], arms[i])) == Truth::kYes;
    }
    if (dominated) {
      arms.erase(i);
    } else {
      ++i;
    }
  }
}

// Replaces each arm by factor * arm + constant, or leaves all alone.
bool map_arms(State& s, Arms& arms, std::int64_t constant, std::int64_t factor) {
  Arms out;
  for (const Dim arm : arms) {
    const auto d = try_linear(s, Dim(constant), arm, factor);
    if (!d) return false;
    out.push_back(*d);
  }
  arms = out;
  return true;
}

bool all_negative(const State& s, const Arms& arms) {
  for (const Dim arm : arms) {
    for (const Term& t : view(s, arm).terms) {
      if (t.coeff > 0) return false;
    }
  }
  return true;
}

// Common constant and factor of the arms leave: value = constant + factor * kind(arms).
struct Affine {
  std::int64_t constant = 0, factor = 1;
};
Affine normalise_arms(State& s, AtomKind& kind, Arms& arms) {
  Affine out;
  if (all_negative(s, arms) && map_arms(s, arms, 0, -1)) {
    kind = kind == AtomKind::kMax ? AtomKind::kMin : AtomKind::kMax;
    out.factor = -1;
  }
  std::optional<std::int64_t> least;
  for (const Dim arm : arms) {
    if (!is_literal(s, arm)) least = std::min(least.value_or(kPlusInf), view(s, arm).constant);
  }
  if (least.value_or(0) != 0 && *least != kMinusInf && map_arms(s, arms, -*least, 1))
    out.constant = *least;
  std::uint64_t g = 0;
  for (const Dim arm : arms) {
    const PolyView p = view(s, arm);
    g = gcd(g, magnitude(p.constant));
    for (const Term& t : p.terms) g = gcd(g, magnitude(t.coeff));
  }
  if (g > 1 && g <= static_cast<std::uint64_t>(kPlusInf)) {
    const auto by = static_cast<std::int64_t>(g);
    Arms divided;
    for (const Dim arm : arms) {
      Poly p(view(s, arm));
      p.constant /= by;
      for (Term& t : p.terms) t.coeff /= by;
      if (const auto d = intern(s, p)) divided.push_back(*d);
    }
    if (divided.size() == arms.size()) {
      arms = divided;
      out.constant *= out.factor;  // folded below with the sign
      out.factor *= by;
      return out;
    }
  }
  out.constant *= out.factor;
  return out;
}

Dim extremum(AtomKind kind, Dim a, Dim b) {
  if (a == b) return a;
  const bool is_max = kind == AtomKind::kMax;
  if (a.is_inline_literal() && b.is_inline_literal()) {
    return is_max == (a.inline_literal() > b.inline_literal()) ? a : b;
  }
  State& s = current_state();
  const Op op = is_max ? Op::kMax : Op::kMin;
  if (b.word() < a.word()) std::swap(a, b);
  OpCache::Entry& cached = s.cache.at(op, a, b);
  if (cached.op == op && cached.a == a && cached.b == b) return cached.result;
  if (is_too_much(s, a, b)) return widen(s, op, a, b);

  Arms arms;
  collect_arms(s, kind, a, arms);
  collect_arms(s, kind, b, arms);
  drop_dominated(kind, arms);
  std::optional<Dim> out;
  if (arms.size() == 1) {
    out = arms[0];
  } else if (arms.size() <= DimBudget::kMaxAtoms) {
    const Affine outer = normalise_arms(s, kind, arms);
    std::sort(arms.begin(), arms.end(), [](Dim x, Dim y) { return x.word() < y.word(); });
    const AtomId atom = intern_atom(s, kind, arms);
    Poly p;
    p.constant = outer.constant;
    p.terms.push_back({outer.factor, s.atoms[atom].mono});
    out = intern(s, p);
  }
  if (!out) out = widen(s, op, a, b);
  s.cache.at(op, a, b) = {a, b, *out, op};
  return *out;
}

// Surely another size than 1, so that broadcasting with anything gives it back.
bool never_one(State& s, Dim d) {
  if (d.is_inline_literal()) return d != Dim(1);
  mark_used(s, view(s, d));
  const Bounds b = bounds_of(s, d);
  const Congruence c = congruence_of(s, d);
  if (b.lo > 1 || b.hi < 1) return true;
  return c.modulus == 0 ? c.residue != 1 : c.modulus > 1 && c.residue != 1 % c.modulus;
}

void collect_broadcast(State& s, Dim d, Arms& arms) {
  const auto affine = as_affine_atom(s, d);
  if (affine && affine->coeff == 1 && affine->constant == 0 &&
      s.atoms[affine->atom].kind == AtomKind::kBroadcast) {
    for (const Dim arm : s.atoms[affine->atom].args) arms.push_back(arm);
  } else {
    arms.push_back(d);
  }
}

}  // namespace
}  // namespace shapewright::algebra

namespace shapewright {

using namespace algebra;

Dim max(Dim a, Dim b) { return extremum(AtomKind::kMax, a, b); }
Dim min(Dim a, Dim b) { return extremum(AtomKind::kMin, a, b); }

Dim broadcast(Dim a, Dim b) {
  if (a == b || b == Dim(1)) return a;
  if (a == Dim(1)) return b;
  if (a.is_inline_literal()) return a;
  if (b.is_inline_literal()) return b;
  State& s = current_state();
  if (b.word() < a.word()) std::swap(a, b);
  if (never_one(s, a)) return a;
  if (never_one(s, b)) return b;
  if (is_too_much(s, a, b)) return widen(s, Op::kBroadcast, a, b);
  Arms arms;
  collect_broadcast(s, a, arms);
  collect_broadcast(s, b, arms);
  std::sort(arms.begin(), arms.end(), [](Dim x, Dim y) { return x.word() < y.word(); });
  arms.truncate(static_cast<std::size_t>(std::unique(arms.begin(), arms.end()) - arms.begin()));
  if (arms.size() > DimBudget::kMaxAtoms) return widen(s, Op::kBroadcast, a, b);
  const AtomId atom = intern_atom(s, AtomKind::kBroadcast, arms);
  const Term term{1, s.atoms[atom].mono};
  if (const auto d = intern(s, {0, {&term, 1}})) return *d;
  return widen(s, Op::kBroadcast, a, b);
}

}  // namespace shapewright
