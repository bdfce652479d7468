// The most bytes alive at once: one pass over the event list, bytes read from the slots of the
// tape.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "memory/model.h"

namespace shapewright {

// Past this a sum of bytes is not told from infinity, so that no sum of two can overflow.
inline constexpr std::int64_t kMaxBytes = std::int64_t{1} << 62;

struct PeakSum {
  std::int64_t bytes = 0;   // kPlusInf past kMaxBytes
  std::uint32_t event = 0;  // the first event after which that much is alive
};

// Of what is known: buffers of unknown size count 0.
PeakSum replay(const Memory& memory, std::span<const std::int64_t> slots);
PeakSum replay_lower(const Memory& memory, std::span<const Bounds> slots);
PeakSum replay_upper(const Memory& memory,
                     std::span<const Bounds> slots);  // kPlusInf if a size has no bound

struct PlannedPeak {
  std::int64_t live = 0;  // the number to plan with: of tensors `upper` where there is one
  std::int64_t lower = 0;
  std::uint32_t event = 0;  // of Timeline::events
};

struct Peak : PlannedPeak {
  // nullopt if the size of something alive is unbounded or unknown
  std::optional<std::int64_t> upper;
  std::string why_bounds;  // why lower and upper differ; "" if they are equal
};

struct LiveItem {
  BufferId buffer = kNone;
  std::int64_t bytes = 0;
  std::string why;  // why it is alive: "parameter", "input", "output", "read by 'encoder.3.proj'"
};

// The memory of a model at given sizes.
class BoundMemory {
 public:
  // Throws what Binding throws, and Error{kDimOverflow} for a peak past kMaxBytes.
  BoundMemory(std::shared_ptr<const Memory> memory, const NamedSizes& sizes);

  const Memory& memory() const { return *memory_; }
  const Binding& binding() const { return binding_; }
  const Peak& peak() const { return peak_; }
  Event peak_event() const {
    const auto& events = memory_->timeline.events;
    return events.empty() ? Event{} : events[peak_.event];
  }

  // Bytes of a buffer as the peak counts them: the upper end if the peak has one, else the lower
  // end; in whole blocks.
  std::int64_t bytes(BufferId b) const;
  // What is alive at the peak, largest first.
  std::vector<LiveItem> live_set() const { return live_set_at(peak_.event); }
  std::vector<LiveItem> live_set_at(std::uint32_t event) const;
  // Bytes alive after each event.
  std::vector<std::int64_t> live_after_events() const;
  // Dims of a value, nullopt where a dim is not one number; nullopt for unknown rank.
  std::optional<std::vector<std::optional<std::int64_t>>> shape(ValueId v) const;
  std::optional<std::vector<Bounds>> shape_bounds(ValueId v) const;

 private:
  std::shared_ptr<const Memory> memory_;
  Binding binding_;
  Peak peak_;
};

}  // namespace shapewright
