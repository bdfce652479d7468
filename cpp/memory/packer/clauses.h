// Search over yes-or-no questions that learns a clause from every contradiction.
//
// A contradiction is traced back to the one answer of the last decision that, with answers of
// earlier ones, suffices for it. The clause that forbids them is kept, and the search returns to
// where the clause first had something to say, past all decisions that had no part in it. What
// the questions mean is the theory's: it sees each answer, infers others and explains them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace shapewright {

// Twice the question, plus one if its answer is no.
using Literal = std::int32_t;
constexpr Literal negated(Literal literal) { return literal ^ 1; }
constexpr std::size_t question_of(Literal literal) { return static_cast<std::size_t>(literal) / 2; }

// Why a literal holds; `kind` from kTheory on is the theory's own, `a` and `b` as well.
struct Reason {
  enum : std::int32_t { kDecision, kClause, kTheory };
  std::int32_t kind = kDecision, a = 0, b = 0;
};

class Theory {
 public:
  virtual ~Theory() = default;
  // Takes note of a literal that now holds, and infers; false leaves a contradiction in the search.
  virtual bool assign(Literal literal) = 0;
  virtual void retract(Literal literal) = 0;            // the latest that was assigned
  virtual void retracted(std::int32_t trail_size) = 0;  // after some of them
  // Literals that held before `literal` did and imply it, for this reason.
  virtual void explain(Literal literal, Reason reason, std::vector<Literal>& out) = 0;
};

class ClauseSearch {
 public:
  ClauseSearch(std::size_t num_questions, Theory& theory);

  // How eagerly a question is asked before others, and what is answered first.
  void prefer(std::size_t question, double weight, bool answer);

  enum class Answer : std::uint8_t { kYes, kNo, kGaveUp };
  // Until that many nodes, decisions and contradictions, more are seen. What was learnt stays for
  // the next call. The less `decay`, the more do late contradictions count.
  Answer solve(std::int64_t max_nodes, double decay);
  std::int64_t nodes() const { return nodes_; }

  // For the theory.
  bool holds(Literal l) const { return values_[question_of(l)] == 1 - (l & 1); }
  bool is_open(Literal l) const { return values_[question_of(l)] < 0; }
  std::int32_t place_of(Literal l) const { return places_[question_of(l)]; }  // in the trail
  std::int32_t trail_size() const { return static_cast<std::int32_t>(trail_.size()); }
  // False if the literal was refuted before: the explanation is then the contradiction.
  bool imply(Literal literal, Reason reason);
  std::vector<Literal>& contradiction() { return contradiction_; }  // literals that hold

 private:
  struct Clause {
    std::vector<Literal> literals;  // the first two are watched; empty once it is dropped
    double activity = 0;
    std::int32_t depth = 0;  // distinct levels when it was learnt
  };
  struct Watch {
    std::int32_t clause;
    Literal other;  // if it holds, so does the clause
  };

  bool propagate();
  bool visit_clauses(Literal literal);
  void enqueue(Literal literal, Reason reason);
  void return_to(std::int32_t level);
  bool learn();  // false if nothing is left to be tried
  std::int32_t trace();
  void shorten();
  bool follows(Literal literal, std::size_t depth);
  void drop_clauses();
  void explain(Literal literal, std::vector<Literal>& out);
  void raise(std::size_t question);
  std::int32_t level() const { return static_cast<std::int32_t>(limits_.size()); }

  // Open questions, the most active first: a binary heap.
  void sift_up(std::size_t at);
  void sift_down(std::size_t at);
  void insert(std::size_t question);
  std::size_t pop();

  Theory& theory_;
  std::vector<std::int8_t> values_;  // -1 open
  std::vector<std::int32_t> levels_, places_;
  std::vector<Reason> reasons_;
  std::vector<bool> phases_, seen_;
  enum class Fate : std::uint8_t { kOpen, kKept, kFollows, kNeeded };
  std::vector<Fate> fates_;
  std::vector<Literal> trail_, contradiction_, learnt_, judged_;
  std::vector<std::vector<Literal>> causes_;  // by depth
  std::vector<std::int32_t> limits_;          // of the trail, by level
  std::size_t head_ = 0;                      // of the trail, to be propagated
  std::vector<Clause> clauses_;
  std::vector<std::vector<Watch>> watches_;  // by a literal that no longer holds
  std::vector<double> activities_;
  std::vector<std::size_t> heap_;
  std::vector<std::int32_t> heap_places_;  // -1: not in it
  double question_step_ = 1, clause_step_ = 1, decay_ = 0.95;
  std::int64_t nodes_ = 0, restarts_ = 0, num_kept_ = 0, max_kept_ = 4000;
  bool is_refuted_ = false;
};

}  // namespace shapewright
