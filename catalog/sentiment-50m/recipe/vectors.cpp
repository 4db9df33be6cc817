// vectors.cpp: word vectors by CBOW with negative sampling, with the review's rating as one more word to predict.
//
//   vectors STREAM OUT vocabulary_size epochs threads
//
// STREAM holds int32: piece ids, and before each document -(1 + rating), rating 0 = none, 1 (worst) to 10 (best).
// OUT receives vocabulary_size x kDim float32, row-major.
//
// Why CBOW: these vectors become the model's embedding table, three quarters of its parameters, and CBOW reads the
// 25 million pieces of the reviews several times in minutes. Why the rating: plain CBOW puts "good" beside "bad", since
// both stand in the same places; a logistic regression from the averaged window to the rating pulls them apart.
// Threads share the tables without locks (Hogwild): lost updates are rare and harmless, results differ a little
// between runs with more than one thread.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr int kDim = 512;          // the model's width
constexpr int kWindow = 7;         // words each side, at most
constexpr int kNegative = 6;       // sampled words per position
constexpr float kRate = 0.04f;     // learning rate, falls linearly to zero
constexpr float kRateLabel = 0.25f;  // weight of the rating against one word
constexpr double kSubsample = 3e-4;  // frequent words are skipped, as word2vec does
constexpr size_t kNoise = 1 << 24;

struct Rng {  // xorshift64*: enough for sampling, and cheap
    uint64_t s = 1;
    uint32_t next() {
        s ^= s >> 12;
        s ^= s << 25;
        s ^= s >> 27;
        return static_cast<uint32_t>((s * 2685821657736338717ULL) >> 32);
    }
    float unit() { return static_cast<float>(next()) * 2.3283064e-10f; }
};

float dot(const float* a, const float* b) {
    float s = 0;
    for (int i = 0; i < kDim; ++i) s += a[i] * b[i];
    return s;
}

void axpy(float k, const float* x, float* y) {
    for (int i = 0; i < kDim; ++i) y[i] += k * x[i];
}

float sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }

struct Shared {
    std::vector<int32_t> stream;
    std::vector<float> in, out;           // vocabulary x kDim each
    std::vector<float> label;             // kDim + 1: rating direction and bias
    std::vector<float> keep;              // probability of keeping a word
    std::vector<int32_t> noise;           // ids drawn from count^0.75
    int epochs = 1, threads = 1;
};

void work(Shared& s, int me) {
    Rng rng{0x9E3779B97F4A7C15ULL * static_cast<uint64_t>(me + 1)};
    const size_t n = s.stream.size();
    const size_t begin = n * static_cast<size_t>(me) / static_cast<size_t>(s.threads);
    const size_t end = n * static_cast<size_t>(me + 1) / static_cast<size_t>(s.threads);
    std::vector<float> h(kDim), grad(kDim);
    std::vector<int32_t> doc;
    double total = static_cast<double>(end - begin) * s.epochs, seen = 0;
    double loss = 0, label_loss = 0;
    size_t terms = 0, label_terms = 0, ticks = 0;
    for (int epoch = 0; epoch < s.epochs; ++epoch) {
        size_t i = begin;
        while (i < end && s.stream[i] >= 0) ++i;  // whole documents only
        while (i < end) {
            const int rating = -s.stream[i] - 1;
            const size_t first = ++i;
            doc.clear();
            for (; i < n && s.stream[i] >= 0; ++i)
                if (rng.unit() < s.keep[static_cast<size_t>(s.stream[i])]) doc.push_back(s.stream[i]);
            seen += static_cast<double>(i - first);
            const float rate = kRate * static_cast<float>(std::max(0.0, 1.0 - seen / total));
            const int m = static_cast<int>(doc.size());
            for (int c = 0; c < m; ++c) {
                const int w = 1 + static_cast<int>(rng.next() % kWindow);
                const int lo = std::max(0, c - w), hi = std::min(m - 1, c + w);
                if (hi == lo) continue;
                std::fill(h.begin(), h.end(), 0.0f);
                std::fill(grad.begin(), grad.end(), 0.0f);
                for (int k = lo; k <= hi; ++k)
                    if (k != c) axpy(1.0f, &s.in[static_cast<size_t>(doc[k]) * kDim], h.data());
                const float inv = 1.0f / static_cast<float>(hi - lo);
                for (float& x : h) x *= inv;
                for (int k = 0; k <= kNegative; ++k) {
                    const int32_t target = k == 0 ? doc[c] : s.noise[rng.next() % kNoise];
                    if (k > 0 && target == doc[c]) continue;
                    float* o = &s.out[static_cast<size_t>(target) * kDim];
                    const float p = sigmoid(dot(h.data(), o));
                    const float g = ((k == 0 ? 1.0f : 0.0f) - p) * rate;
                    if (k == 0) loss -= std::log(std::max(p, 1e-6f)), ++terms;
                    axpy(g, o, grad.data());
                    axpy(g, h.data(), o);
                }
                if (rating > 0) {
                    const float y = (static_cast<float>(rating) - 0.5f) / 10.0f;
                    const float p = sigmoid(dot(h.data(), s.label.data()) + s.label[kDim]);
                    const float g = (y - p) * rate * kRateLabel;
                    label_loss += (y - p) * (y - p), ++label_terms;
                    axpy(g * 4.0f, s.label.data(), grad.data());
                    axpy(g, h.data(), s.label.data());
                    s.label[kDim] += g;
                }
                for (int k = lo; k <= hi; ++k)
                    if (k != c) axpy(1.0f, grad.data(), &s.in[static_cast<size_t>(doc[k]) * kDim]);
            }
            if (me == 0 && ++ticks % 10000 == 0) {
                std::printf("%5.1f%%  loss %.4f  rating mse %.4f\n", 100 * seen / total, loss / static_cast<double>(terms),
                            label_loss / static_cast<double>(label_terms + 1));
                std::fflush(stdout);
                loss = label_loss = 0;
                terms = label_terms = 0;
            }
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: vectors STREAM OUT vocabulary_size epochs threads\n");
        return 2;
    }
    Shared s;
    const size_t vocab = static_cast<size_t>(std::atol(argv[3]));
    s.epochs = std::atoi(argv[4]);
    s.threads = std::atoi(argv[5]);
    std::FILE* f = std::fopen(argv[1], "rb");
    if (!f) return std::perror(argv[1]), 1;
    std::fseek(f, 0, SEEK_END);
    s.stream.resize(static_cast<size_t>(std::ftell(f)) / 4);
    std::rewind(f);
    if (std::fread(s.stream.data(), 4, s.stream.size(), f) != s.stream.size()) return 1;
    std::fclose(f);

    std::vector<double> count(vocab, 0);
    double words = 0;
    for (int32_t id : s.stream)
        if (id >= 0) count.at(static_cast<size_t>(id)) += 1, words += 1;
    s.keep.resize(vocab, 1.0f);
    double sum = 0, acc = 0;
    for (size_t v = 0; v < vocab; ++v) {
        const double r = count[v] / (kSubsample * words);
        if (r > 1) s.keep[v] = static_cast<float>((std::sqrt(r) + 1) / r);
        sum += std::pow(count[v], 0.75);
    }
    s.noise.resize(kNoise);
    size_t v = 0;
    acc = std::pow(count[0], 0.75) / sum;
    for (size_t k = 0; k < kNoise; ++k) {
        while (v + 1 < vocab && acc < (static_cast<double>(k) + 0.5) / kNoise) acc += std::pow(count[++v], 0.75) / sum;
        s.noise[k] = static_cast<int32_t>(v);
    }
    s.in.resize(vocab * kDim);
    s.out.resize(vocab * kDim, 0.0f);
    s.label.resize(kDim + 1, 0.0f);
    std::mt19937 gen(1);
    std::uniform_real_distribution<float> uniform(-0.5f, 0.5f);
    for (float& x : s.in) x = uniform(gen) / 16.0f;
    for (int k = 0; k < kDim; ++k) s.label[static_cast<size_t>(k)] = uniform(gen) / 16.0f;

    std::vector<std::thread> pool;
    for (int t = 0; t < s.threads; ++t) pool.emplace_back(work, std::ref(s), t);
    for (auto& t : pool) t.join();

    f = std::fopen(argv[2], "wb");
    if (!f || std::fwrite(s.in.data(), 4, s.in.size(), f) != s.in.size() || std::fclose(f) != 0)
        return std::perror(argv[2]), 1;
    return 0;
}
