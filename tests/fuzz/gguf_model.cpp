// tests/fuzz/gguf_model.cpp: any bytes as a model: read, described, loaded, and where it loads, asked for an answer.
#include <numeric>
#include <vector>

#include "runtime_shim/gguf/describe.h"
#include "runtime_shim/kernels/dispatch.h"
#include "runtime_shim/models/encoder.h"
#include "runtime_shim/quant/blocks.h"
#include "runtime_shim/tokenizer/tokenizer.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace nano;

// What `inspect` and `quantize` do with tensors that no encoder has asked for.
void look_at(const gguf::File& file) {
  const auto d = gguf::describe(file);
  fuzz::must(d.tensors.size() == file.tensors().size(), "every tensor is described");
  std::vector<float> row;
  for (const auto& t : file.tensors()) {
    fuzz::must(file.find_tensor(t.name) == &t, "a tensor is found by its name");
    if (!t.type->computable || t.row_length() > 4096) continue;
    row.resize(static_cast<std::size_t>(t.row_length()));
    quant::dequantize_row(t.type->type, t.bytes.first(static_cast<std::size_t>(t.row_bytes())), row);
    (void)quant::first_non_finite(t.type->type, t.bytes);
  }
}

// Its own vocabulary, whatever it is, on a text with some of everything.
void tokenize(const gguf::File& file) {
  packed::Image measured;
  if (!tokenizer::Tokenizer::load_any(file, measured)) return;
  packed::Image image = packed::Image::to_fill(measured);
  const auto words = tokenizer::Tokenizer::load_any(file, image);
  if (!words) return;
  const std::string_view text = "The b<x>  a c. \xC3\x89\xE2\x96\x81\xF0\x9F\x99\x82\xFF ab";
  for (const int32_t id : (*words)->encode(text).ids)
    fuzz::must(id >= 0 && static_cast<std::size_t>(id) < (*words)->size(), "ids are of the vocabulary");
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto file = gguf::File::parse(std::as_bytes(std::span(data, size)), "fuzzed");
  if (!file) return 0;
  look_at(*file);
  tokenize(*file);
  const auto encoder = models::Encoder::load(*file);
  if (!encoder) return 0;
  const auto& shape = encoder->shape();
  if (shape.hidden > 512 || shape.layers > 8 || shape.feed_forward > 2048) return 0;  // sound, but slow here
  std::vector<int32_t> ids(std::min(24u, shape.context));
  std::iota(ids.begin(), ids.end(), 0);
  for (int32_t& id : ids) id %= static_cast<int32_t>(shape.vocabulary);
  const std::vector<std::size_t> lengths{ids.size()};
  models::Scratch scratch, head;
  Team team(1);
  const kernels::Table& table = *kernels::choose("").value();
  if (!encoder->forward(table, ids, lengths, scratch, team)) return 0;
  const models::Head& h = encoder->head();
  if (h.width() > 4096) return 0;
  const auto states = scratch.x.first(ids.size() * shape.hidden);
  std::vector<float> out(h.width() * ids.size());
  if (h.task() == models::HeadTask::tag) {
    (void)h.apply(table, states.data(), shape.hidden, ids.size(), out.data(), head);
  } else if (h.task() == models::HeadTask::embed) {
    (void)h.embed(table, states, ids.size(), std::span(out).first(h.width()), head);
  } else {
    (void)h.score(table, states, ids.size(), std::span(out).first(h.outputs()), head);
  }
  return 0;
}
