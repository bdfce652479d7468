#include "memory/packer/clauses.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace shapewright {

namespace {

constexpr double kLargest = 1e100;
constexpr std::int64_t kRestart = 100;  // contradictions, times Luby's sequence
constexpr std::int32_t kShallow = 2;    // clauses of so few levels are never dropped
constexpr std::size_t kDeepest = 30;    // reasons of reasons that are looked into

// 1 1 2 1 1 2 4 1 1 2 1 1 2 4 8 ...
std::int64_t luby(std::int64_t i) {
  for (;;) {
    std::int64_t whole = 1;
    while (whole < i) whole = 2 * whole + 1;
    if (whole == i) return (whole + 1) / 2;
    i -= whole / 2;
  }
}

}  // namespace

ClauseSearch::ClauseSearch(std::size_t num_questions, Theory& theory)
    : theory_(theory),
      values_(num_questions, -1),
      levels_(num_questions, 0),
      places_(num_questions, 0),
      reasons_(num_questions),
      phases_(num_questions, false),
      seen_(num_questions, false),
      fates_(num_questions, Fate::kOpen),
      watches_(2 * num_questions),
      activities_(num_questions, 0),
      heap_places_(num_questions, -1) {
  for (std::size_t q = 0; q < num_questions; ++q) insert(q);
}

void ClauseSearch::prefer(std::size_t question, double weight, bool answer) {
  activities_[question] = weight;
  sift_up(static_cast<std::size_t>(heap_places_[question]));
  phases_[question] = answer;
}

ClauseSearch::Answer ClauseSearch::solve(std::int64_t max_nodes, double decay) {
  decay_ = decay;
  const std::int64_t end = nodes_ + max_nodes;
  std::int64_t left = 0;  // contradictions before the next restart
  while (!is_refuted_) {
    if (!propagate()) {
      ++nodes_;
      --left;
      if (!learn()) is_refuted_ = true;
      continue;
    }
    if (nodes_ >= end) return Answer::kGaveUp;
    if (left <= 0) {
      return_to(0);
      left = kRestart * luby(++restarts_);
      if (num_kept_ > max_kept_) drop_clauses();
      continue;
    }
    std::size_t question = values_.size();
    while (!heap_.empty() && question == values_.size())
      if (const std::size_t next = pop(); values_[next] < 0) question = next;
    if (question == values_.size()) return Answer::kYes;
    ++nodes_;
    limits_.push_back(trail_size());
    const auto yes = static_cast<Literal>(2 * question);
    enqueue(phases_[question] ? yes : negated(yes), {});
  }
  return Answer::kNo;
}

bool ClauseSearch::imply(Literal literal, Reason reason) {
  if (is_open(literal)) {
    enqueue(literal, reason);
    return true;
  }
  if (holds(literal)) return true;
  contradiction_.clear();
  theory_.explain(literal, reason, contradiction_);
  contradiction_.push_back(negated(literal));
  return false;
}

void ClauseSearch::enqueue(Literal literal, Reason reason) {
  const std::size_t q = question_of(literal);
  values_[q] = static_cast<std::int8_t>(1 - (literal & 1));
  levels_[q] = level();
  places_[q] = trail_size();
  reasons_[q] = reason;
  trail_.push_back(literal);
}

bool ClauseSearch::propagate() {
  while (head_ < trail_.size()) {
    const Literal literal = trail_[head_++];
    // Both take note of it before either may refuse, so that both can be undone.
    const bool is_sound = theory_.assign(literal);
    if (!is_sound || !visit_clauses(literal)) return false;
  }
  return true;
}

bool ClauseSearch::visit_clauses(Literal literal) {
  const Literal refuted = negated(literal);
  auto& watches = watches_[static_cast<std::size_t>(refuted)];
  std::size_t kept = 0;
  for (std::size_t k = 0; k < watches.size(); ++k) {
    const Watch watch = watches[k];
    if (holds(watch.other)) {
      watches[kept++] = watch;
      continue;
    }
    auto& literals = clauses_[static_cast<std::size_t>(watch.clause)].literals;
    if (literals[0] == refuted) std::swap(literals[0], literals[1]);
    const Literal first = literals[0];
    const auto found = holds(first)
                           ? literals.end()
                           : std::find_if(literals.begin() + 2, literals.end(),
                                          [&](Literal l) { return holds(l) || is_open(l); });
    if (!holds(first) && found != literals.end()) {
      std::swap(literals[1], *found);
      watches_[static_cast<std::size_t>(literals[1])].push_back({watch.clause, first});
      continue;
    }
    watches[kept++] = {watch.clause, first};
    if (holds(first)) continue;
    if (is_open(first)) {
      enqueue(first, {Reason::kClause, watch.clause, 0});
      continue;
    }
    contradiction_.clear();
    for (const Literal l : literals) contradiction_.push_back(negated(l));
    for (++k; k < watches.size(); ++k) watches[kept++] = watches[k];
    watches.resize(kept);
    return false;
  }
  watches.resize(kept);
  return true;
}

void ClauseSearch::return_to(std::int32_t to) {
  if (level() <= to) return;
  const std::int32_t size = limits_[static_cast<std::size_t>(to)];
  while (trail_size() > size) {
    const Literal literal = trail_.back();
    if (trail_.size() <= head_) theory_.retract(literal);
    const std::size_t q = question_of(literal);
    phases_[q] = values_[q] == 1;
    values_[q] = -1;
    insert(q);
    trail_.pop_back();
  }
  theory_.retracted(size);
  head_ = trail_.size();
  limits_.resize(static_cast<std::size_t>(to));
}

void ClauseSearch::explain(Literal literal, std::vector<Literal>& out) {
  const Reason reason = reasons_[question_of(literal)];
  out.clear();
  if (reason.kind != Reason::kClause) return theory_.explain(literal, reason, out);
  Clause& clause = clauses_[static_cast<std::size_t>(reason.a)];
  clause.activity += clause_step_;
  for (const Literal l : clause.literals)
    if (l != literal) out.push_back(negated(l));
}

bool ClauseSearch::learn() {
  std::int32_t latest = 0;
  for (const Literal l : contradiction_) latest = std::max(latest, levels_[question_of(l)]);
  if (latest == 0) return false;
  return_to(latest);
  const std::int32_t to = trace();
  return_to(to);
  question_step_ /= decay_;
  clause_step_ /= 0.999;
  if (clause_step_ > kLargest) {
    for (Clause& clause : clauses_) clause.activity /= kLargest;
    clause_step_ /= kLargest;
  }
  if (learnt_.size() == 1) {
    enqueue(learnt_[0], {});
    return true;
  }
  std::vector<std::int32_t> depths;
  for (const Literal l : learnt_) depths.push_back(levels_[question_of(l)]);
  std::ranges::sort(depths);
  const auto repeated = std::ranges::unique(depths);
  const auto depth = static_cast<std::int32_t>(repeated.begin() - depths.begin());
  const auto id = static_cast<std::int32_t>(clauses_.size());
  clauses_.push_back({learnt_, clause_step_, depth});
  ++num_kept_;
  watches_[static_cast<std::size_t>(learnt_[0])].push_back({id, learnt_[1]});
  watches_[static_cast<std::size_t>(learnt_[1])].push_back({id, learnt_[0]});
  enqueue(learnt_[0], {Reason::kClause, id, 0});
  return true;
}

// To the first literal of the latest level that all paths to the contradiction pass.
std::int32_t ClauseSearch::trace() {
  const std::int32_t latest = level();
  std::vector<std::size_t> marked;
  learnt_.assign(1, 0);
  std::vector<Literal> causes = contradiction_;
  std::size_t at = trail_.size();
  for (std::int32_t paths = 0;;) {
    for (const Literal l : causes) {
      const std::size_t q = question_of(l);
      if (seen_[q] || levels_[q] == 0) continue;
      seen_[q] = true;
      marked.push_back(q);
      raise(q);
      if (levels_[q] == latest)
        ++paths;
      else
        learnt_.push_back(negated(l));
    }
    while (!seen_[question_of(trail_[at - 1])]) --at;
    const Literal literal = trail_[--at];
    seen_[question_of(literal)] = false;
    if (--paths == 0) {
      learnt_[0] = negated(literal);
      break;
    }
    explain(literal, causes);
  }
  for (const std::size_t q : marked) seen_[q] = false;
  shorten();
  if (learnt_.size() == 1) return 0;
  const auto last = std::max_element(learnt_.begin() + 1, learnt_.end(), [&](Literal a, Literal b) {
    return levels_[question_of(a)] < levels_[question_of(b)];
  });
  std::swap(learnt_[1], *last);
  return levels_[question_of(learnt_[1])];
}

// Leaves out what the others imply.
void ClauseSearch::shorten() {
  for (const Literal l : learnt_) fates_[question_of(l)] = Fate::kKept;
  judged_.assign(learnt_.begin(), learnt_.end());
  const Literal first = learnt_[0];
  std::erase_if(learnt_, [&](Literal l) { return l != first && follows(negated(l), 0); });
  for (const Literal l : judged_) fates_[question_of(l)] = Fate::kOpen;
}

// Whether a literal that holds is implied by those that are kept.
bool ClauseSearch::follows(Literal literal, std::size_t depth) {
  if (reasons_[question_of(literal)].kind == Reason::kDecision || depth == kDeepest) return false;
  if (causes_.size() <= depth) causes_.resize(depth + 1);
  explain(literal, causes_[depth]);
  for (std::size_t k = 0; k < causes_[depth].size(); ++k) {
    const Literal cause = causes_[depth][k];
    const std::size_t q = question_of(cause);
    if (levels_[q] == 0 || fates_[q] == Fate::kKept || fates_[q] == Fate::kFollows) continue;
    if (fates_[q] == Fate::kNeeded) return false;
    const bool is_implied = follows(cause, depth + 1);
    fates_[q] = is_implied ? Fate::kFollows : Fate::kNeeded;
    judged_.push_back(cause);
    if (!is_implied) return false;
  }
  return true;
}

// Half of those that no inference needs now, the deepest first, of one depth the least active.
void ClauseSearch::drop_clauses() {
  std::vector<std::size_t> loose;
  for (std::size_t k = 0; k < clauses_.size(); ++k) {
    const Clause& clause = clauses_[k];
    if (clause.literals.empty() || clause.depth <= kShallow) continue;
    const Literal first = clause.literals[0];
    const Reason reason = reasons_[question_of(first)];
    if (holds(first) && reason.kind == Reason::kClause && static_cast<std::size_t>(reason.a) == k)
      continue;
    loose.push_back(k);
  }
  std::ranges::sort(loose, {}, [&](std::size_t k) {
    return std::pair{-clauses_[k].depth, clauses_[k].activity};
  });
  for (std::size_t k = 0; k < loose.size() / 2; ++k) {
    clauses_[loose[k]].literals = {};
    --num_kept_;
  }
  for (auto& watches : watches_)
    std::erase_if(watches, [&](const Watch& w) {
      return clauses_[static_cast<std::size_t>(w.clause)].literals.empty();
    });
  max_kept_ += 500;
}

void ClauseSearch::raise(std::size_t question) {
  activities_[question] += question_step_;
  if (activities_[question] > kLargest) {
    for (double& activity : activities_) activity /= kLargest;
    question_step_ /= kLargest;
  }
  if (heap_places_[question] >= 0) sift_up(static_cast<std::size_t>(heap_places_[question]));
}

void ClauseSearch::sift_up(std::size_t at) {
  const std::size_t question = heap_[at];
  for (; at > 0; at = (at - 1) / 2) {
    const std::size_t parent = heap_[(at - 1) / 2];
    if (activities_[parent] >= activities_[question]) break;
    heap_[at] = parent;
    heap_places_[parent] = static_cast<std::int32_t>(at);
  }
  heap_[at] = question;
  heap_places_[question] = static_cast<std::int32_t>(at);
}

void ClauseSearch::sift_down(std::size_t at) {
  const std::size_t question = heap_[at];
  for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && activities_[heap_[child + 1]] > activities_[heap_[child]])
      ++child;
    if (activities_[heap_[child]] <= activities_[question]) break;
    heap_[at] = heap_[child];
    heap_places_[heap_[at]] = static_cast<std::int32_t>(at);
    at = child;
  }
  heap_[at] = question;
  heap_places_[question] = static_cast<std::int32_t>(at);
}

void ClauseSearch::insert(std::size_t question) {
  if (heap_places_[question] >= 0) return;
  heap_.push_back(question);
  sift_up(heap_.size() - 1);
}

std::size_t ClauseSearch::pop() {
  const std::size_t top = heap_[0];
  heap_places_[top] = -1;
  const std::size_t last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) {
    heap_[0] = last;
    sift_down(0);
  }
  return top;
}

}  // namespace shapewright
