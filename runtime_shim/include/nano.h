/* nano.h: run nano models (small neural networks) inside your program. C11; nano.hpp is the same for C++17.
 *
 *     nano_model *model = NULL;
 *     if (nano_open("sentiment-50m", NULL, &model) != NANO_OK) { fprintf(stderr, "%s\n", nano_last_error()); return 1; }
 *     float scores[2]; nano_result result = NANO_RESULT_INIT;
 *     nano_classify(model, "a fine film", NANO_NUL_TERMINATED, scores, 2, &result);
 *     printf("%s %.3f\n", nano_label(model, result.best), scores[result.best]);
 *     nano_close(model);
 *
 * Text is UTF-8 with a length in bytes (or NANO_NUL_TERMINATED); any bytes are taken, what is not UTF-8 is passed over.
 * Text longer than the model's context is cut, and the result says so.
 *
 * Threads: all functions may be called from any thread. One handle may be used by any number of threads at once, but
 * nano_close must be the last call on it. Weights are shared; calls at the same time compute beside each other. A model
 * has `threads - 1` helper threads that serve one call at a time and sleep between calls. Nothing is kept in globals;
 * only nano_last_error's text is kept, for each thread.
 *
 * Environment (ignored in setuid programs): NANO_STORE, NANO_HOME, NANO_STORE_PATH, XDG_DATA_HOME, HOME say where models
 * are installed; NANO_THREADS and NANO_KERNELS (ref, avx2, avx512, neon, neon-dotprod) stand in for options left open.
 */
#ifndef NANO_H
#define NANO_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define NANO_API
#else
#define NANO_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The ABI this header describes. Additions keep it and raise the minor number; a struct that grows is told apart by its
 * `size`. (Minor 1: nano_abi_minor, nano_classify_logits, nano_answer_logits, nano_find_answer, NANO_FIND,
 * nano_head_info.regression.) */
#define NANO_ABI_VERSION 1
#define NANO_ABI_MINOR 1

/* The same numbers as `nano`'s exit codes. */
typedef enum nano_status {
  NANO_OK = 0,
  NANO_INTERNAL = 1,     /* a bug in nano, or out of memory */
  NANO_USAGE = 2,        /* an argument is malformed: null, too small a buffer, a bad name */
  NANO_NOT_FOUND = 3,    /* no such package installed, no such file */
  NANO_STORE = 9,        /* the disk or the store refused */
  NANO_INVALID = 13,     /* a file breaks its format */
  NANO_UNSUPPORTED = 14, /* valid, but not for this build, CPU or model */
  NANO_STATUS_INT = 0x7FFFFFFF /* never given: makes room in the type for statuses of later versions */
} nano_status;

/* An opened model. */
typedef struct nano_model nano_model;

/* Fill with NANO_OPTIONS_INIT; zero means: the default. */
typedef struct nano_options {
  size_t size;         /* sizeof(nano_options) */
  uint32_t threads;    /* 1 to 64; 0: NANO_THREADS, else the CPUs there are, at most 4 */
  uint32_t reserved;   /* 0 */
  const char *kernels; /* "ref", "avx2", "avx512", "neon"…; NULL: NANO_KERNELS, else the best this CPU has */
  const char *store;   /* where models are installed; NULL: as the environment says */
  const char *project; /* a project's folder: names mean what it was synced to, then what is installed; NULL: NANO_PROJECT */
} nano_options;
#define NANO_OPTIONS_INIT {sizeof(nano_options), 0, 0, NULL, NULL, NULL}

/* What is known about a model. The strings live as long as the model. */
typedef struct nano_info {
  size_t size;              /* sizeof(nano_info), set by the caller */
  const char *name;         /* of the package; of a bare file its own or the file's name */
  const char *version;      /* "" for a bare file */
  const char *variant;      /* "" for a bare file */
  const char *architecture; /* "bert", "modern-bert" */
  const char *kernels;      /* in use */
  const char *path;         /* of the weights */
  uint64_t parameters;
  uint64_t file_bytes;
  uint32_t context_length;   /* tokens, the special ones included */
  uint32_t embedding_length; /* floats of one embedding */
  uint32_t label_count;      /* of the first head; 0: it embeds */
  uint32_t vocabulary;       /* token ids are below it */
  uint32_t threads;
  uint32_t reserved;
} nano_info;
#define NANO_INFO_INIT {sizeof(nano_info), NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0}

/* What a call says about one text. */
typedef struct nano_result {
  size_t size;        /* sizeof(nano_result), set by the caller */
  uint32_t best;      /* classify: the index of the highest score */
  uint32_t tokens;    /* with the special ones, after cutting */
  uint32_t truncated; /* 1: the text was longer than the model's context */
  uint32_t reserved;
  double ms;          /* time spent */
} nano_result;
#define NANO_RESULT_INIT {sizeof(nano_result), 0, 0, 0, 0, 0.0}

/* A text of a batch. */
typedef struct nano_text {
  const char *bytes;
  size_t length; /* bytes, or NANO_NUL_TERMINATED */
} nano_text;
#define NANO_NUL_TERMINATED ((size_t)-1)

/* One token: its id, and the bytes of the text it came from (empty for special tokens). */
typedef struct nano_token {
  int32_t id;
  uint32_t reserved;
  size_t begin, end;
} nano_token;

/* The ABI of the library in use. nano_abi_check gives NANO_UNSUPPORTED when it cannot serve programs built with `built_for`:
 * call nano_abi_check(NANO_ABI_VERSION) first where the library is loaded by hand. */
NANO_API uint32_t nano_abi_version(void);
NANO_API nano_status nano_abi_check(uint32_t built_for);
/* What the library in use adds to that ABI: NANO_ABI_MINOR of its own header. */
NANO_API uint32_t nano_abi_minor(void);
/* "0.1.0" */
NANO_API const char *nano_version(void);

/* A status in a word ("not found"), and the sentence about the last call on this thread that failed (never NULL; valid
 * until the next failing call on this thread). */
NANO_API const char *nano_status_string(nano_status status);
NANO_API const char *nano_last_error(void);

/* Open an installed model by name, `[namespace/]name[@version][:variant]`, or a package folder or a .gguf by path; with
 * heads and an adapter behind it, `base+head1+head2+adapter`: the heads stand in for the base's own, the adapter is in use.
 * `options` may be NULL. On success *model is to be closed; on failure it is NULL. */
NANO_API nano_status nano_open(const char *name_or_path, const nano_options *options, nano_model **model);
/* NULL is allowed. */
NANO_API void nano_close(nano_model *model);

NANO_API nano_status nano_model_info(const nano_model *model, nano_info *info);
/* The name of a label, by its index in the scores; NULL outside. Lives as long as the model. */
NANO_API const char *nano_label(const nano_model *model, size_t index);

/* Tokens of a text, special ones included, cut to the context. Writes at most `capacity` and always sets *count to how many
 * there are; NANO_USAGE when they did not fit (capacity 0 and tokens NULL: just count). */
NANO_API nano_status nano_tokenize(const nano_model *model, const char *text, size_t length, nano_token *tokens, size_t capacity,
                                   size_t *count);

/* By the first head: probabilities of the labels (they add up to 1; where a text may have several labels, each stands for
 * itself; of a regression the outputs as they are, which are no probabilities): `scores` holds `capacity` >= label_count floats. `result` may be NULL. */
NANO_API nano_status nano_classify(const nano_model *model, const char *text, size_t length, float *scores, size_t capacity,
                                   nano_result *result);
/* The same for `count` texts in one go: `scores` holds (count, label_count) floats, `capacity` says how many in all;
 * `results` (count) may be NULL. No text changes another's result. */
NANO_API nano_status nano_classify_batch(const nano_model *model, const nano_text *texts, size_t count, float *scores,
                                         size_t capacity, nano_result *results);

/* The same, and the outputs before softmax or sigmoid: what orders the texts of a reranker whose scores all come to 1.
 * (nano_answer_logits gives them for pairs.) */
NANO_API nano_status nano_classify_logits(const nano_model *model, const nano_text *texts, size_t count, float *logits,
                                          size_t capacity, nano_result *results);

/* One vector of length 1 (L2) for a text: `vector` holds `capacity` >= embedding_length floats. */
NANO_API nano_status nano_embed(const nano_model *model, const char *text, size_t length, float *vector, size_t capacity,
                                nano_result *result);
NANO_API nano_status nano_embed_batch(const nano_model *model, const nano_text *texts, size_t count, float *vectors,
                                      size_t capacity, nano_result *results);

/* --- All heads in one pass -------------------------------------------------------------------------------------- */

typedef enum nano_task {
  NANO_CLASSIFY = 0, /* scores of labels for a text */
  NANO_TAG = 1,      /* spans of the text with labels */
  NANO_EMBED = 2,    /* a vector of length 1 (L2) */
  NANO_FIND = 3,     /* spans of the second text of a pair that answer the first */
  NANO_TASK_INT = 0x7FFFFFFF
} nano_task;

/* A head of a model: its own, or one of those it was opened with. The name lives as long as the model. */
typedef struct nano_head_info {
  size_t size; /* sizeof(nano_head_info), set by the caller */
  const char *name;
  nano_task task;
  uint32_t label_count; /* 0 for NANO_EMBED and NANO_FIND */
  uint32_t width;       /* floats of its answer: label_count, or of the vector; 0 for NANO_TAG and NANO_FIND */
  uint32_t multi_label; /* 1: scores of labels do not add up to 1 */
  uint32_t regression;  /* 1: scores are the outputs as they are, no probabilities */
  uint32_t reserved;
} nano_head_info;
#define NANO_HEAD_INFO_INIT {sizeof(nano_head_info), NULL, NANO_CLASSIFY, 0, 0, 0, 0, 0}

NANO_API size_t nano_head_count(const nano_model *model);
NANO_API nano_status nano_head(const nano_model *model, size_t head, nano_head_info *info);
/* The name of a label of a head; NULL outside. Lives as long as the model. */
NANO_API const char *nano_head_label(const nano_model *model, size_t head, size_t index);

/* A stretch of the text. Bytes and characters (code points) are counted from 0; the end is not part of it. */
typedef struct nano_span {
  size_t begin, end;
  size_t char_begin, char_end;
  const char *label; /* lives as long as the answer */
  float score;       /* mean of its words' probabilities */
  uint32_t reserved;
} nano_span;

/* The answers of all heads to one text. */
typedef struct nano_answer nano_answer;

/* Run the trunk once and every head on it. `pair` is the second text of a pair, or NULL. *answer is to be freed. */
NANO_API nano_status nano_run(const nano_model *model, const char *text, size_t length, const char *pair, size_t pair_length,
                              nano_answer **answer, nano_result *result);
/* Scores or vector of a head: `width` floats, in *count; NULL for a tagger or outside. Live as long as the answer. */
NANO_API const float *nano_answer_floats(const nano_answer *answer, size_t head, size_t *count);
/* A classifier's outputs before softmax or sigmoid: `width` floats; NULL for other heads. Live as long as the answer. */
NANO_API const float *nano_answer_logits(const nano_answer *answer, size_t head, size_t *count);
/* Spans of a tagger, in the order of the text; of NANO_FIND (labels NULL), the best first, in the second text; NULL where
 * there are none. Live as long as the answer. */
NANO_API const nano_span *nano_answer_spans(const nano_answer *answer, size_t head, size_t *count);
/* NULL is allowed. */
NANO_API void nano_answer_free(nano_answer *answer);

/* By the first head, where it is NANO_FIND: the stretch of `context` that answers `question`, with its probability. Its label
 * is NULL. NANO_UNSUPPORTED: the model answers no questions. NANO_NOT_FOUND: nothing of the context was left to look at (it
 * is empty, or the question alone fills the model's context). */
NANO_API nano_status nano_find_answer(const nano_model *model, const char *question, size_t question_length, const char *context,
                                      size_t context_length, nano_span *best, nano_result *result);

/* LoRA adapters (GGUF, general.type = "adapter"): loaded beside an open model by name or path, scaled (1: as trained), and
 * switched without loading the model again. NANO_NO_ADAPTER: the base as it is. Calls under way end as they began. */
#define NANO_NO_ADAPTER ((size_t)-1)
NANO_API nano_status nano_load_adapter(nano_model *model, const char *name_or_path, float scale, size_t *index);
NANO_API nano_status nano_use_adapter(nano_model *model, size_t index);

#ifdef __cplusplus
}
#endif
#endif
