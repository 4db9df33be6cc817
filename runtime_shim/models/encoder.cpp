// runtime_shim/models/encoder.cpp: what a forward pass is asked, checked; then run.
#include "runtime_shim/models/encoder.h"

#include <string>

#include "runtime_shim/models/encoder_pass.h"

namespace nano::models {
namespace {

Status check_input(const EncoderShape& shape, std::span<const int32_t> ids,
                   std::span<const std::size_t> lengths, std::span<const int32_t> types) {
  std::size_t total = 0;
  for (const std::size_t length : lengths) {
    if ((length == 0 && !shape.kind->table_only) || length > shape.context) {
      return make_error(Errc::usage, "a sequence of " + std::to_string(length) +
                                         " tokens: this model takes 1 to " + std::to_string(shape.context));
    }
    total += length;
  }
  if (total != ids.size())
    return make_error(Errc::usage, "the sequences' lengths do not add up to the number of ids");
  for (const int32_t id : ids) {
    if (id < 0 || static_cast<uint32_t>(id) >= shape.vocabulary) {
      return make_error(Errc::usage, "token id " + std::to_string(id) + " is outside the vocabulary of " +
                                         std::to_string(shape.vocabulary));
    }
  }
  if (types.empty()) return Unit{};
  if (types.size() != ids.size()) return make_error(Errc::usage, "there are not as many token types as ids");
  const uint32_t most = shape.token_types == 0 ? 1 : shape.token_types;
  for (const int32_t type : types) {
    if (type < 0 || static_cast<uint32_t>(type) >= most) {
      return make_error(Errc::usage,
                        "token type " + std::to_string(type) + ": this model has " + std::to_string(most));
    }
  }
  return Unit{};
}

}  // namespace

Status Encoder::forward(const kernels::Table& table, std::span<const int32_t> ids,
                        std::span<const std::size_t> lengths, Scratch& scratch, Team& team, Want want,
                        const PassOptions& options) const {
  NANO_TRY(check_input(shape_, ids, lengths, options.types));
  scratch.plan(shape_, ids.size(), team.size());
  if (options.adapter != nullptr) scratch.plan_adapter(shape_, ids.size(), options.adapter->rank());
  EncoderPass pass(*this, table, lengths, ids.size(), scratch, team, options);
  pass.embed(ids);
  for (std::size_t i = 0; i < layers_.size(); ++i)
    pass.run_layer(i, i + 1 == layers_.size() ? want : Want::all);
  if (layers_.empty() && want == Want::first) pass.keep_first();
  const std::size_t rows = want == Want::first ? lengths.size() : ids.size();
  if (shape_.kind->pre_norm) pass.last_norm(rows);
  if (!all_finite(scratch.x.first(rows * shape_.hidden))) return not_finite();
  return Unit{};
}

}  // namespace nano::models
