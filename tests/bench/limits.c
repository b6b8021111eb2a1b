/* What this machine can do at most: bytes read per second from memory, and multiply-adds per second, on THREADS threads.

       cc -O3 -march=native -pthread limits.c -o limits
       limits THREADS

   It answers lines as the workers of ../../stages/protocol/PROTOCOL.md do: the first with "ready", each further one with a
   measurement, {"answer": "limits", "read_gb_s": ..., "fma_gflop_s": ...}, the best of REPETITIONS. */

#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#ifdef __AVX512F__
enum { LANES = 16 };
#else
enum { LANES = 8 };
#endif
/* Chains of operations that do not wait for each other: more than latency times units, and few enough to stay in registers. */
enum { CHAINS = 12, REPETITIONS = 15, MAX_THREADS = 64 };
typedef float vector __attribute__((vector_size(LANES * 4)));

static const size_t ARRAY = (size_t)512 << 20; /* bytes: far more than any cache, about the model's weights */
static const size_t STEPS = 6000000;           /* of CHAINS multiply-adds each */

static vector *array;
static int threads;
static pthread_barrier_t together;

struct part {
    int index;
    void (*work)(int);
    double started, ended;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* Tells the compiler that a value is used. */
static void use(vector value) { __asm__ volatile("" : : "x"(value)); }

static void read_part(int index) {
    size_t all = ARRAY / sizeof(vector) / threads / CHAINS * CHAINS;
    const vector *from = array + index * all;
    vector sums[CHAINS] = {0};
    for (size_t i = 0; i < all; i += CHAINS)
        for (int c = 0; c < CHAINS; c++) sums[c] += from[i + c];
    for (int c = 0; c < CHAINS; c++) use(sums[c]);
}

static void multiply_add(int index) {
    vector sums[CHAINS], factor, term;
    for (int l = 0; l < LANES; l++) factor[l] = 0.999f, term[l] = 1e-3f * (index + 1);
    for (int c = 0; c < CHAINS; c++) sums[c] = term * (float)c;
    for (size_t i = 0; i < STEPS; i++)
        for (int c = 0; c < CHAINS; c++) sums[c] = sums[c] * factor + term; /* contracted to one instruction */
    for (int c = 0; c < CHAINS; c++) use(sums[c]);
}

static void *run_part(void *argument) {
    struct part *part = argument;
    pthread_barrier_wait(&together);
    part->started = now();
    part->work(part->index);
    part->ended = now();
    return NULL;
}

/* Seconds from the first thread's start to the last one's end, the best of several. */
static double best_seconds(void (*work)(int)) {
    double best = 1e9;
    for (int r = 0; r < REPETITIONS; r++) {
        pthread_t ids[MAX_THREADS];
        struct part parts[MAX_THREADS];
        double started = 1e18, ended = 0;
        for (int i = 0; i < threads; i++) {
            parts[i] = (struct part){i, work, 0, 0};
            if (pthread_create(&ids[i], NULL, run_part, &parts[i])) exit(1);
        }
        for (int i = 0; i < threads; i++) {
            pthread_join(ids[i], NULL);
            if (parts[i].started < started) started = parts[i].started;
            if (parts[i].ended > ended) ended = parts[i].ended;
        }
        if (ended - started < best) best = ended - started;
    }
    return best;
}

int main(int count, char **arguments) {
    threads = count > 1 ? atoi(arguments[1]) : 0;
    if (threads < 1 || threads > MAX_THREADS) return fprintf(stderr, "limits THREADS, 1 to %d\n", MAX_THREADS), 2;
    pthread_barrier_init(&together, NULL, threads);
    array = mmap(NULL, ARRAY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (array == MAP_FAILED) return fprintf(stderr, "no memory for %zu bytes\n", ARRAY), 1;
    madvise(array, ARRAY, MADV_HUGEPAGE);
    for (size_t i = 0; i < ARRAY / 4; i++) ((float *)array)[i] = 1; /* pages of zeros would be one page */
    char *line = NULL;
    size_t room = 0;
    for (int loaded = 0; getline(&line, &room, stdin) > 0; loaded = 1) {
        if (!loaded) {
            printf("{\"answer\": \"ready\", \"attestation\": {\"threads\": %d, \"library\": \"%d lanes of f32\"}}\n", threads, LANES);
        } else {
            size_t bytes = ARRAY / sizeof(vector) / threads / CHAINS * CHAINS * sizeof(vector) * threads;
            double gb_s = bytes / best_seconds(read_part) / 1e9;
            double gflop_s = 2.0 * LANES * CHAINS * STEPS * threads / best_seconds(multiply_add) / 1e9;
            printf("{\"answer\": \"limits\", \"read_gb_s\": %.2f, \"fma_gflop_s\": %.2f}\n", gb_s, gflop_s);
        }
        fflush(stdout);
    }
    return 0;
}
