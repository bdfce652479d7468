// A dense array in a file, written with its axes in a new order into another file, with two buffers
// for memory.
//
// The array is cut into blocks, boxes of positions. A block is read run by run into one buffer,
// turned into the other, and written run by run. The longer the runs on both sides, the fewer the
// system calls and the partial pages: a block of B bytes of a matrix has runs of
// sqrt(B * item_bytes) on either side.
#pragma once

#include <cstdint>
#include <vector>

namespace shapewright {

struct FileAxis {
  std::int64_t size = 1;
  std::int64_t src = 0, dst = 0;  // bytes from one position to the next
  std::int64_t block = 1;         // positions of a block
};

struct FilePlan {
  std::vector<FileAxis> axes;    // from the destination's fastest to its slowest, none foldable
  std::vector<int> src_order;    // the axes from the source's fastest to its slowest
  std::int64_t item_bytes = 1;   // after folding
  std::int64_t block_bytes = 0;  // of the largest block; 0: the array is empty
  std::int64_t blocks = 0;
  std::int64_t src_run_bytes = 0, dst_run_bytes = 0;  // of a whole block
};

// The least budget that a plan can be made for; more where an item is longer than half of it.
inline constexpr std::int64_t kLeastFileBudget = 64 << 10;

// axes[i] is the axis of the source that becomes axis i. Throws Error{kLayout, "budget-too-small"}.
FilePlan plan_file(const std::vector<std::int64_t>& shape, const std::vector<int>& axes,
                   std::int64_t item_bytes, std::int64_t budget_bytes);

struct FilePlace {
  int descriptor = -1;
  std::int64_t offset = 0;  // of the array in the file, bytes
};

// Uses two buffers of block_bytes. The files must not be the same. Throws Error{kGeneric,
// "file-access"} where the system refuses, and std::bad_alloc before anything is written.
void run_file(const FilePlan& plan, FilePlace src, FilePlace dst, int threads);

}  // namespace shapewright
