/* embed.c: a nano model inside a C program.
 *
 *     cc embed.c $(pkg-config --cflags --libs nano) -Wl,-rpath,$(pkg-config --variable=libdir nano) -o embed
 *     ./embed sentiment-50m "a fine film"
 */
#include <nano.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s MODEL TEXT\n", argv[0]);
    return NANO_USAGE;
  }
  nano_model *model = NULL;
  nano_status status = nano_open(argv[1], NULL, &model);
  if (status != NANO_OK) {
    fprintf(stderr, "%s\n", nano_last_error());
    return status;
  }
  nano_info info = NANO_INFO_INIT;
  nano_model_info(model, &info);

  nano_result result = NANO_RESULT_INIT;
  float *scores = malloc((info.label_count + 1) * sizeof *scores);
  float *vector = malloc(info.embedding_length * sizeof *vector);
  status = scores && vector ? NANO_OK : NANO_INTERNAL;
  if (status == NANO_OK && info.label_count > 0) {
    status = nano_classify(model, argv[2], NANO_NUL_TERMINATED, scores, info.label_count, &result);
    if (status == NANO_OK) printf("%s %.4f\n", nano_label(model, result.best), scores[result.best]);
  }
  if (status == NANO_OK) status = nano_embed(model, argv[2], NANO_NUL_TERMINATED, vector, info.embedding_length, &result);
  if (status == NANO_OK) printf("embedding of %u floats, the first %.4f\n", info.embedding_length, vector[0]);
  if (status != NANO_OK) fprintf(stderr, "%s\n", nano_last_error());
  free(scores);
  free(vector);
  nano_close(model);
  return status;
}
