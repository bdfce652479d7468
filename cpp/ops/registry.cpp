#include "ops/registry.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

#include "graph/graph.h"
#include "ops/families.h"

namespace shapewright {

namespace {

constexpr std::span<const Op> (*kFamilies[])() = {
    families::source_ops,
    families::shape_ops,
    families::reshape_ops,
    families::cast_ops,
    families::movement_ops,
    families::split_ops,
    families::expand_ops,
    families::pad_ops,
    families::slice_ops,
    families::gather_ops,
    families::scatter_ops,
    families::index_ops,
    families::unary_ops,
    families::elementwise_ops,
    families::reduce_ops,
    families::contract_ops,
    families::conv_ops,
    families::pool_ops,
    families::spatial_ops,
    families::resize_ops,
    families::norm_ops,
    families::attention_ops,
    families::recurrent_ops,
    families::quant_ops,
    families::control_ops,
    families::dynamic_ops,
    families::text_ops,
    families::random_ops,
    families::signal_ops,
    families::loss_ops,
    families::sequence_ops,
    families::optional_ops,
    families::contrib_norm_ops,
    families::contrib_attention_ops,
    families::contrib_fused_ops,
    families::contrib_quant_ops,
    families::contrib_moe_ops,
    families::ml_ops,
    families::unique_ops,
    families::suppression_ops,
    families::preview_ops,
    families::aten_view_ops,
    families::aten_elementwise_ops,
    families::aten_ternary_ops,
    families::aten_compare_ops,
    families::aten_mask_ops,
    families::aten_join_ops,
    families::aten_unary_ops,
    families::aten_extreme_ops,
    families::aten_complex_ops,
    families::aten_matmul_ops,
    families::aten_conv_ops,
    families::aten_norm_ops,
    families::aten_reduce_ops,
    families::aten_scan_ops,
    families::aten_linalg_ops,
    families::aten_quant_ops,
    families::aten_loss_ops,
    families::aten_pool_ops,
    families::aten_index_ops,
    families::aten_attention_ops,
    families::aten_function_ops,
    families::aten_recurrent_ops,
};

auto key(const Op& op) { return std::pair(op.name, op.domain); }

struct Registry {
  std::vector<const Op*> rows;                              // in table order
  std::vector<const Op*> by_name;                           // by name, domain, then version
  std::vector<std::string_view> names;                      // sorted, each once
  std::unordered_map<std::string_view, std::size_t> first;  // of each name in by_name
  std::int64_t newest_opset = 0;

  Registry() {
    for (const auto family : kFamilies) {
      for (const Op& op : family()) {
        rows.push_back(&op);
        if (op.domain.empty()) newest_opset = std::max<std::int64_t>(newest_opset, op.since);
      }
    }
    by_name = rows;
    std::sort(by_name.begin(), by_name.end(), [](const Op* a, const Op* b) {
      return std::pair(key(*a), a->since) < std::pair(key(*b), b->since);
    });
    for (std::size_t i = 0; i < by_name.size(); ++i) {
      const Op& op = *by_name[i];
      if (i > 0 && key(*by_name[i - 1]) == key(op) && by_name[i - 1]->since == op.since) {
        throw std::logic_error("two rows for operator " + std::string(op.name) + " since " +
                               std::to_string(op.since));
      }
      if (first.emplace(op.name, i).second) names.push_back(op.name);
    }
  }
};

const Registry& registry() {
  static const Registry r;
  return r;
}

}  // namespace

const Op* find_op(std::string_view domain, std::string_view name, std::int64_t version) {
  const Registry& r = registry();
  const auto found = r.first.find(name);
  if (found == r.first.end()) return nullptr;
  const Op* youngest = nullptr;  // of those that `version` has: rows go by domain, then version
  for (std::size_t i = found->second; i < r.by_name.size() && r.by_name[i]->name == name; ++i) {
    const Op* const op = r.by_name[i];
    if (op->domain == domain && op->since <= version) youngest = op;
  }
  return youngest;
}

std::vector<const Op*> all_ops() { return registry().rows; }

std::int64_t newest_opset() { return registry().newest_opset; }

std::string_view nearest_op(std::string_view name) {
  const auto& names = registry().names;
  const std::string nearest = nearest_word(name, names);
  const auto found = std::lower_bound(names.begin(), names.end(), nearest);
  return found != names.end() && *found == nearest ? *found : std::string_view{};
}

}  // namespace shapewright
