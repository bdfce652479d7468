// Chains of operations against arrays of element numbers; and each destination is written once.
#include <algorithm>
#include <functional>
#include <random>
#include <vector>

#include "base/error.h"
#include "check.h"
#include "layout/view.h"

using namespace shapewright;

namespace {

constexpr std::int64_t kItem = 3;
constexpr std::int64_t kFilled = -1, kNever = -2;

// An array spelt out: the number of the source element at each place, in C order.
struct Spelt {
  Sizes shape;
  Sizes elements;
};

std::int64_t count(const Sizes& shape) {
  std::int64_t n = 1;
  for (const std::int64_t s : shape) n *= s;
  return n;
}

Sizes index_of(std::int64_t linear, const Sizes& shape) {
  Sizes index(shape.size());
  for (std::size_t a = shape.size(); a-- > 0; linear /= shape[a]) index[a] = linear % shape[a];
  return index;
}

// -1 outside of the shape.
std::int64_t linear_of(const Sizes& index, const Sizes& shape) {
  std::int64_t linear = 0;
  for (std::size_t a = 0; a < shape.size(); ++a) {
    if (index[a] < 0 || index[a] >= shape[a]) return -1;
    linear = linear * shape[a] + index[a];
  }
  return linear;
}

// `from` turns an index of the result into one of the array; outside of it there is fill.
Spelt gather(const Spelt& x, const Sizes& shape, const std::function<Sizes(Sizes)>& from) {
  Spelt y{shape, {}};
  for (std::int64_t i = 0; i < count(shape); ++i) {
    const std::int64_t at = linear_of(from(index_of(i, shape)), x.shape);
    y.elements.push_back(at < 0 ? kFilled : x.elements[static_cast<std::size_t>(at)]);
  }
  return y;
}

// Runs the piece element by element on arrays of numbers; writes to a place twice are counted.
void run_piece(const Piece& piece, const Sizes& source, Sizes& out, std::int64_t& twice) {
  Sizes sizes;
  for (const Digit& d : piece.digits) sizes.push_back(d.size);
  for (std::int64_t i = 0; i < count(sizes); ++i) {
    const Sizes index = index_of(i, sizes);
    std::int64_t src = piece.src_offset, dst = piece.dst_offset;
    for (std::size_t k = 0; k < index.size(); ++k) {
      src += index[k] * piece.digits[k].src;
      dst += index[k] * piece.digits[k].dst;
    }
    std::int64_t& place = out.at(static_cast<std::size_t>(dst / kItem));
    twice += static_cast<std::int64_t>(place != kNever || dst % kItem != 0);
    place = piece.source == kFill ? kFilled : source.at(static_cast<std::size_t>(src / kItem));
  }
}

// True if every pass writes all of its destination once, and the last gives the numbers expected.
bool agrees(const View& view, const Spelt& expected) {
  const Rearrangement r = lower(view, kItem);
  if (r.shape != expected.shape || r.why.empty() != (r.passes.size() == 1)) return false;
  Sizes source(static_cast<std::size_t>(count(view.sources.front())));
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<std::int64_t>(i);
  std::int64_t twice = 0;
  for (std::size_t k = 0; k < r.passes.size(); ++k) {
    const bool is_last = k + 1 == r.passes.size();
    const std::int64_t n = is_last ? count(r.shape) : r.passes[k].scratch_bytes / kItem;
    Sizes out(static_cast<std::size_t>(n), kNever);
    for (const Piece& p : r.passes[k].pieces) run_piece(p, source, out, twice);
    if (std::count(out.begin(), out.end(), kNever) > 0) return false;
    source = std::move(out);
  }
  return twice == 0 && source == expected.elements;
}

class Chain {
 public:
  Chain(Sizes shape, std::mt19937& random)
      : random_(random), view(dense_view(shape, kItem)), spelt{std::move(shape), {}} {
    for (std::int64_t i = 0; i < count(spelt.shape); ++i) spelt.elements.push_back(i);
  }

  void step() {
    const int rank = static_cast<int>(spelt.shape.size());
    const int axis = static_cast<int>(below(rank));
    const auto a = static_cast<std::size_t>(axis);
    const std::int64_t n = spelt.shape[a];
    switch (below(8)) {
      case 0:
      case 1: return any_reshape();
      case 2:
      case 3: return any_permutation();
      case 4:
        view = flip(std::move(view), axis);
        return change(spelt.shape, [=](Sizes i) { return i[a] = n - 1 - i[a], i; });
      case 5: {
        const std::int64_t shift = below(n);
        view = roll(std::move(view), axis, shift);
        return change(spelt.shape, [=](Sizes i) { return i[a] = (i[a] - shift + n) % n, i; });
      }
      case 6: {
        const std::int64_t start = below(n), step = 1 + below(4);
        view = slice(std::move(view), axis, start, std::nullopt, step);
        Sizes shape = spelt.shape;
        shape[a] = (n - start + step - 1) / step;
        return change(shape, [=](Sizes i) { return i[a] = start + step * i[a], i; });
      }
      default: {
        const std::int64_t before = below(3), after = below(3);
        std::vector<std::pair<std::int64_t, std::int64_t>> pads(spelt.shape.size());
        pads[a] = {before, after};
        view = pad(std::move(view), pads);
        Sizes shape = spelt.shape;
        shape[a] += before + after;
        return change(shape, [=](Sizes i) { return i[a] -= before, i; });
      }
    }
  }

 private:
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n));
  }

  void change(const Sizes& shape, const std::function<Sizes(Sizes)>& from) {
    spelt = gather(spelt, shape, from);
  }

  void any_reshape() {
    Sizes shape;
    for (std::int64_t rest = count(spelt.shape); rest > 1 || shape.empty();) {
      std::int64_t size = 1 + below(rest);
      while (rest % size != 0) --size;
      shape.push_back(size);
      rest /= size;
    }
    view = reshape(std::move(view), shape);
    spelt.shape = shape;
  }

  void any_permutation() {
    std::vector<int> perm(spelt.shape.size());
    for (std::size_t k = 0; k < perm.size(); ++k) perm[k] = static_cast<int>(k);
    std::shuffle(perm.begin(), perm.end(), random_);
    view = permute(std::move(view), perm);
    Sizes shape;
    for (const int p : perm) shape.push_back(spelt.shape[static_cast<std::size_t>(p)]);
    change(shape, [&](const Sizes& i) {
      Sizes from(i.size());
      for (std::size_t k = 0; k < i.size(); ++k) from[static_cast<std::size_t>(perm[k])] = i[k];
      return from;
    });
  }

  std::mt19937& random_;

 public:
  View view;
  Spelt spelt;
};

void chains_agree() {
  std::mt19937 random(11);
  int two_passes = 0;
  for (int round = 0; round < 2000; ++round) {
    Sizes shape(1 + random() % 4);
    for (std::int64_t& n : shape) n = 1 + static_cast<std::int64_t>(random() % 9);
    Chain chain(shape, random);
    for (std::size_t k = random() % 8; k > 0 && count(chain.spelt.shape) < 3000; --k) chain.step();
    CHECK(agrees(chain.view, chain.spelt));
    two_passes += static_cast<int>(!chain.view.done.empty());
  }
  CHECK(two_passes > 50);
}

void the_checker_sees_faults() {
  const Sizes shape = {2, 3};
  const View good = dense_view(shape, kItem);
  const Spelt expected{shape, {0, 1, 2, 3, 4, 5}};
  CHECK(agrees(good, expected));
  View twice = good;
  twice.stage.boxes.push_back(twice.stage.boxes.front());
  CHECK(!agrees(twice, expected));
  View never = good;
  never.stage.boxes.clear();
  CHECK(!agrees(never, expected));
  View elsewhere = good;
  elsewhere.stage.boxes.front().digits[0].src = kItem;
  CHECK(!agrees(elsewhere, expected));
}

void many_pieces_become_a_second_pass() {
  // Each row of a triangle of slices is a box of its own.
  std::vector<View> rows;
  for (std::int64_t n = 1; n <= 3000; ++n) rows.push_back(dense_view(Sizes{n % 7 + 5}, 1));
  View v = concatenate(std::move(rows), 0);
  CHECK_EQ(v.stage.boxes.size(), std::size_t{3000});
  const std::int64_t size = v.shape[0];
  v = reshape(slice(std::move(v), 0, 0, size / 6 * 6), Sizes{-1, 3, 2});
  v = permute(std::move(v), std::vector<int>{2, 0, 1});
  CHECK_EQ(v.done.size(), std::size_t{1});
  CHECK_EQ(v.stage.boxes.size(), std::size_t{1});
  CHECK(v.why.find("pieces") != std::string::npos);
}

}  // namespace

int main() {
  chains_agree();
  the_checker_sees_faults();
  many_pieces_become_a_second_pass();
  return check::report();
}
