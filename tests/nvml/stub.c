// A libnvidia-ml.so for tests. It answers from the text file that NVML_STUB names:
//
//   init 9                   what nvmlInit_v2 returns (0 where the line is missing)
//   driver 550.54            driver version
//   gpu UUID [MIG-UUID]      a GPU, and an instance of it
//   FEATURE VALUE...         of the GPU above: what each call answers, one value a call; the last one stays
//
//   draw IDLE FULL NOISE     mW that the GPU above draws while it is idle and loaded, and the half width of a reading's noise
//
// A VALUE is a number, !CODE for an error, or @MS+STEP for a number that goes on from the one before it and grows by STEP
// every MS milliseconds. A feature without a line is not supported. FEATURE is one of those in NAMES. `lost` is counted in
// all calls to the GPU: `lost 0 0 !15` loses it in the third call, for good; so is `slow`, whose values are milliseconds to wait.
//
// A GPU that draws follows a load: the file that NVML_STUB_LOAD names has lines of START END, in ns of CLOCK_MONOTONIC. Of it,
//   ~WINDOW/PERIOD           is the mean power over the last WINDOW ms, renewed every PERIOD ms, in mW
//   %PERIOD/LAG/STEP         is the energy until LAG ms ago, renewed every PERIOD ms (0: always), in steps of STEP mJ
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OK 0
#define INVALID_ARGUMENT 2
#define NOT_SUPPORTED 3
#define NOT_FOUND 6
#define MOST 64
#define MOST_ON 8192

enum {
    HANDLE, ENERGY, INSTANT, AVERAGE, POWER, TEMPERATURE, MEMORY, UTILISATION, CLOCK, THROTTLE, LIMIT, MIG, CAPABILITY, LOST, SLOW,
    FEATURES
};
static const char *NAMES[FEATURES] = {"handle", "energy",   "instant", "average", "power",      "temperature", "memory", "utilisation",
                                      "clock",  "throttle", "limit",   "mig",     "capability", "lost",        "slow"};

typedef struct {
    int code;
    unsigned long long value, step, every_ms;
    char follows; // ~ or %
    double window_ms, period_ms, lag_ms;
} answer;

typedef struct {
    answer answers[MOST];
    int count, at;
    double since_ms;
} feature;

typedef struct gpu {
    char uuid[96], instance[96];
    feature features[FEATURES];
    struct gpu *parent;
    double idle_mw, full_mw, noise_mw;
} gpu;

static gpu gpus[MOST], instances[MOST];
static int count, init_code;
static char driver[64] = "550.54.14";

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

// The load, as far as it was written; its integral is found by going through it.
static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static double on[MOST_ON][2];
static int on_count;

static void read_load(void) {
    static long read_until;
    const char *path = getenv("NVML_STUB_LOAD");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return;
    char line[128];
    fseek(file, read_until, SEEK_SET);
    while (on_count < MOST_ON && fgets(line, sizeof line, file) && strchr(line, '\n')) {
        if (sscanf(line, "%lf %lf", &on[on_count][0], &on[on_count][1]) == 2) {
            on[on_count][0] /= 1e6;
            on[on_count][1] /= 1e6;
            on_count++;
        }
        read_until = ftell(file);
    }
    fclose(file);
}

static double loaded_ms(double from, double to) {
    double sum = 0;
    for (int i = on_count - 1; i >= 0 && on[i][1] > from; i--) {
        double start = on[i][0] > from ? on[i][0] : from, end = on[i][1] < to ? on[i][1] : to;
        if (end > start) sum += end - start;
    }
    return sum;
}

// In [-1, 1], the same for one renewal (SplitMix64).
static double noise(unsigned long long z) {
    z += 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return (double)((z ^ (z >> 31)) >> 11) / (1ull << 52) - 1;
}

static unsigned long long drawn(const gpu *g, const answer *a) {
    double now = now_ms(), renewed = now;
    unsigned long long renewal = 0;
    if (a->period_ms > 0) {
        renewal = (unsigned long long)(now / a->period_ms);
        renewed = renewal * a->period_ms;
    }
    pthread_mutex_lock(&loading);
    read_load();
    double more = g->full_mw - g->idle_mw, millijoules;
    if (a->follows == '~') {
        double mean = loaded_ms(renewed - a->window_ms, renewed) / a->window_ms;
        pthread_mutex_unlock(&loading);
        return (unsigned long long)(g->idle_mw + more * mean + g->noise_mw * noise(renewal));
    }
    millijoules = (g->idle_mw * (renewed - a->lag_ms) + more * loaded_ms(0, renewed - a->lag_ms)) / 1e3;
    pthread_mutex_unlock(&loading);
    return (unsigned long long)(millijoules / a->step) * a->step;
}

static answer parse(const char *word) {
    answer a = {0};
    if (sscanf(word, "~%lf/%lf", &a.window_ms, &a.period_ms) == 2 ||
        sscanf(word, "%%%lf/%lf/%llu", &a.period_ms, &a.lag_ms, &a.step) == 3)
        a.follows = word[0];
    else if (word[0] == '!')
        a.code = atoi(word + 1);
    else if (word[0] == '@')
        sscanf(word, "@%llu+%llu", &a.every_ms, &a.step);
    else
        a.value = strtoull(word, NULL, 0);
    return a;
}

static void script(void) {
    char line[4096];
    const char *path = getenv("NVML_STUB");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) {
        fprintf(stderr, "stub: NVML_STUB names no file\n");
        exit(97);
    }
    count = 0;
    memset(gpus, 0, sizeof gpus);
    while (fgets(line, sizeof line, file)) {
        char *word = strtok(line, " \n");
        if (!word || word[0] == '#') continue;
        if (!strcmp(word, "init")) {
            init_code = atoi(strtok(NULL, " \n"));
        } else if (!strcmp(word, "driver")) {
            snprintf(driver, sizeof driver, "%s", strtok(NULL, " \n"));
        } else if (!strcmp(word, "gpu")) {
            gpu *g = &gpus[count], *i = &instances[count];
            snprintf(g->uuid, sizeof g->uuid, "%s", strtok(NULL, " \n"));
            char *instance = strtok(NULL, " \n");
            if (instance) snprintf(i->uuid, sizeof i->uuid, "%s", instance);
            g->parent = NULL;
            i->parent = g;
            g->features[HANDLE].count = 1;
            count++;
        } else if (!strcmp(word, "draw") && count) {
            double *watts[] = {&gpus[count - 1].idle_mw, &gpus[count - 1].full_mw, &gpus[count - 1].noise_mw};
            for (int i = 0; i < 3 && (word = strtok(NULL, " \n")); i++) *watts[i] = atof(word);
        } else {
            int which = 0;
            while (which < FEATURES && strcmp(word, NAMES[which])) which++;
            if (which == FEATURES || !count) {
                fprintf(stderr, "stub: no feature, \"%s\"\n", word);
                exit(98);
            }
            feature *f = &gpus[count - 1].features[which];
            f->count = 0;
            while ((word = strtok(NULL, " \n")) && f->count < MOST) {
                answer a = parse(word);
                if (a.every_ms && f->count) a.value = f->answers[f->count - 1].value;
                f->answers[f->count++] = a;
            }
        }
    }
    fclose(file);
}

static int next(const gpu *g, feature *f, unsigned long long *value) {
    if (!f->count) return NOT_SUPPORTED;
    answer *a = &f->answers[f->at];
    if (f->at + 1 < f->count) f->at++;
    *value = a->follows ? drawn(g, a) : a->value;
    if (a->every_ms) {
        if (f->since_ms == 0) f->since_ms = now_ms();
        *value += a->step * (unsigned long long)((now_ms() - f->since_ms) / a->every_ms);
    }
    return a->code;
}

static int ask(gpu *g, int which, unsigned long long *value) {
    unsigned long long ignored, wait_ms = 0;
    if (g->parent) return NOT_SUPPORTED;
    next(g, &g->features[SLOW], &wait_ms);
    if (wait_ms) usleep(wait_ms * 1000);
    if (g->features[LOST].count) {
        int code = next(g, &g->features[LOST], &ignored);
        if (code) return code;
    }
    return next(g, &g->features[which], value);
}

static int ask32(gpu *g, int which, unsigned *value) {
    unsigned long long wide = 0;
    int code = ask(g, which, &wide);
    *value = (unsigned)wide;
    return code;
}

int nvmlInit_v2(void) {
    script();
    return init_code;
}
int nvmlShutdown(void) { return OK; }

int nvmlSystemGetDriverVersion(char *text, unsigned length) {
    snprintf(text, length, "%s", driver);
    return OK;
}

int nvmlDeviceGetCount_v2(unsigned *n) {
    *n = count;
    return OK;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, gpu **device) {
    unsigned long long ignored;
    if (index >= (unsigned)count) return INVALID_ARGUMENT;
    *device = &gpus[index];
    return next(&gpus[index], &gpus[index].features[HANDLE], &ignored);
}

int nvmlDeviceGetHandleByUUID(const char *uuid, gpu **device) {
    for (int i = 0; i < count; i++) {
        if (!strcmp(gpus[i].uuid, uuid)) return nvmlDeviceGetHandleByIndex_v2(i, device);
        if (instances[i].uuid[0] && !strcmp(instances[i].uuid, uuid)) {
            *device = &instances[i];
            return OK;
        }
    }
    return NOT_FOUND;
}

int nvmlDeviceGetDeviceHandleFromMigDeviceHandle(gpu *device, gpu **parent) {
    *parent = device->parent;
    return device->parent ? OK : INVALID_ARGUMENT;
}

int nvmlDeviceGetUUID(gpu *device, char *text, unsigned length) {
    snprintf(text, length, "%s", device->uuid);
    return OK;
}

int nvmlDeviceGetName(gpu *device, char *text, unsigned length) {
    (void)device;
    snprintf(text, length, "Stub GPU");
    return OK;
}

int nvmlDeviceGetMigMode(gpu *g, unsigned *current, unsigned *pending) {
    int code = ask32(g, MIG, current);
    *pending = *current;
    return code;
}

int nvmlDeviceGetCudaComputeCapability(gpu *g, int *major, int *minor) {
    unsigned both = 0;
    int code = ask32(g, CAPABILITY, &both);
    *major = both / 10;
    *minor = both % 10;
    return code;
}

int nvmlDeviceGetTotalEnergyConsumption(gpu *g, unsigned long long *mj) { return ask(g, ENERGY, mj); }
int nvmlDeviceGetPowerUsage(gpu *g, unsigned *mw) { return ask32(g, POWER, mw); }
int nvmlDeviceGetTemperature(gpu *g, int sensor, unsigned *c) { return sensor ? INVALID_ARGUMENT : ask32(g, TEMPERATURE, c); }
int nvmlDeviceGetClockInfo(gpu *g, int clock, unsigned *mhz) { return clock == 1 ? ask32(g, CLOCK, mhz) : INVALID_ARGUMENT; }
int nvmlDeviceGetCurrentClocksThrottleReasons(gpu *g, unsigned long long *bits) { return ask(g, THROTTLE, bits); }
int nvmlDeviceGetEnforcedPowerLimit(gpu *g, unsigned *mw) { return ask32(g, LIMIT, mw); }

typedef struct {
    unsigned version;
    unsigned long long total, reserved, free, used;
} memory_v2;

int nvmlDeviceGetMemoryInfo_v2(gpu *g, memory_v2 *m) { return ask(g, MEMORY, &m->used); }

typedef struct {
    unsigned gpu, memory;
} utilisation;

int nvmlDeviceGetUtilizationRates(gpu *g, utilisation *u) {
    u->memory = 0;
    return ask32(g, UTILISATION, &u->gpu);
}

typedef struct {
    unsigned id, scope;
    long long timestamp, latency_us;
    int type, code;
    union {
        double d;
        unsigned u;
        unsigned long long ull;
    } value;
} field;

#ifndef WITHOUT_FIELDS
int nvmlDeviceGetFieldValues(gpu *g, int n, field *fields) {
    for (int i = 0; i < n; i++) {
        int which = fields[i].id == 186 ? INSTANT : fields[i].id == 185 ? AVERAGE : -1;
        fields[i].type = 1;
        fields[i].code = which < 0 ? INVALID_ARGUMENT : ask32(g, which, &fields[i].value.u);
        if (fields[i].code == 15) return 15;
    }
    return OK;
}
#endif
