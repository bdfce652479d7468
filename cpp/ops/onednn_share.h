// How oneDNN 3 splits the gradient of a convolution's weights among threads: by blocks of output
// channels, of input channels, and along the minibatch, where each thread sums weights of its own.
// The split of the least memory traffic wins. Where sizes are symbolic the answer is a formula, in
// which all threads sum weights of their own or none does.
#pragma once

#include <cstdint>

#include "dim/dim.h"

namespace shapewright::onednn {

// What a split is weighed by. With m, o and i threads along the minibatch and the blocks of
// channels it costs
//   x ceil(x_parts/m) ceil(in_blocks/i) / x_divisor + y ceil(y_parts/m) ceil(out_blocks/o)
//   + w ceil(out_blocks/o) ceil(in_blocks/i)
struct Work {
  Dim x_parts = 1, y_parts = 1;  // of the images, which are whole ones or rows of them
  Dim x = 0, y = 0, w = 0;
  std::int64_t x_divisor = 1;
  std::int64_t out_blocks = 1, in_blocks = 1;
  Dim most = 1;                 // threads along the minibatch
  bool weighs_compute = false;  // a second time, by the largest task of a thread
};

struct Share {
  Dim minibatch = 1, out = 1, in = 1;
  Dim threads = 1;
};

Share share_of(const Work& work, std::int64_t threads);

// Threads that sum one group of `jobs` each over `parts` of a reduction, as older kernels do it.
struct Groups {
  Dim groups = 1, threads = 1;  // threads of one group
  Dim jobs = 1;                 // of one group, at most
};

Groups groups_of(std::int64_t jobs, std::int64_t job_elements, Dim parts, std::int64_t threads);

// 1 where a >= b, else 0.
Dim at_least(Dim a, Dim b);
Dim choose(Dim is, Dim yes, Dim no);  // `is` is 0 or 1

// The divider between `least` and `most` that pads `value` least; the largest or the smallest.
std::int64_t best_divider(std::int64_t value, std::int64_t least, std::int64_t most,
                          bool is_largest, std::int64_t step = 1);

}  // namespace shapewright::onednn
