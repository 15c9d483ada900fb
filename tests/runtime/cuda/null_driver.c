/* A driver of CUDA without a GPU, on which the real cuda.bindings runs: memory is the host's, and kernels are counted.
 *
 * A launch on a stream in capture is recorded with its grid, its block and its first parameter; a graph's launch adds
 * all it recorded to `null_launches` and `null_sum`. Functions that are not here do nothing and succeed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Status;
typedef struct { unsigned long launches; uint64_t sum; } Work;

static Work capture, done;
static int capturing;
static void *context;

unsigned long null_launches(void) { return done.launches; }
uint64_t null_sum(void) { return done.sum; }

static Status nothing(void) { return 0; }
Status f_cuInit(unsigned flags) { return 0; }
Status f_cuDriverGetVersion(int *version) { *version = 13000; return 0; }
Status f_cuDeviceGet(int *device, int number) { *device = number; return 0; }
Status f_cuDeviceGetName(char *name, int size, int device) { snprintf(name, size, "Null GPU"); return 0; }
Status f_cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? 9 : attribute == 76 ? 0 : attribute == 16 ? 132 : attribute == 82 ? 65536 : 232448;
    return 0;
}
Status f_cuDevicePrimaryCtxRetain(void **made, int device) { *made = &context; return 0; }
Status f_cuCtxSetCurrent(void *given) { context = given; return 0; }
Status f_cuMemGetInfo(size_t *left, size_t *total) { *left = *total = (size_t)1 << 40; return context ? 0 : 201; }
Status f_cuMemAlloc(uint64_t *address, size_t size) {
    void *made = 0;
    if (size >= (size_t)1 << 32) return 2;
    if (posix_memalign(&made, 256, size)) return 2;
    *address = (uint64_t)made;
    return context ? 0 : 201;
}
Status f_cuMemFree(uint64_t address) { free((void *)address); return 0; }
Status f_cuMemHostAlloc(void **made, size_t size, unsigned flags) { return posix_memalign(made, 256, size) ? 2 : 0; }
Status f_cuMemFreeHost(void *address) { free(address); return 0; }
Status f_cuMemcpyHtoDAsync(uint64_t to, const void *from, size_t size, void *stream) {
    memcpy((void *)to, from, size);
    return 0;
}
Status f_cuMemcpyDtoHAsync(void *to, uint64_t from, size_t size, void *stream) {
    memcpy(to, (void *)from, size);
    return 0;
}
Status f_cuStreamCreate(void **made, unsigned flags) { *made = malloc(1); return 0; }
Status f_cuStreamDestroy(void *stream) { free(stream); return 0; }
Status f_cuEventCreate(void **made, unsigned flags) { *made = malloc(1); return 0; }
Status f_cuEventDestroy(void *event) { free(event); return 0; }
Status f_cuModuleLoadData(void **made, const void *code) { *made = strdup(code); return 0; }
Status f_cuModuleUnload(void *module) { free(module); return 0; }
Status f_cuModuleGetFunction(void **made, void *module, const char *name) {
    *made = module;
    return strcmp(module, name) ? 500 : 0;
}
Status f_cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, void *stream, void **parameters, void **extra) {
    if (!capturing || gy * gz * by * bz != 1 || shared || extra) return 1;
    capture.launches++;
    capture.sum += gx * (uint64_t)bx + *(uint64_t *)parameters[0];
    return 0;
}
Status f_cuStreamBeginCapture(void *stream, int mode) {
    capturing = 1;
    memset(&capture, 0, sizeof capture);
    return mode == 2 ? 0 : 1;
}
Status f_cuStreamEndCapture(void *stream, void **made) {
    capturing = 0;
    *made = memcpy(malloc(sizeof capture), &capture, sizeof capture);
    return 0;
}
Status f_cuGraphInstantiateWithFlags(void **made, void *graph, unsigned long long flags) {
    *made = memcpy(malloc(sizeof capture), graph, sizeof capture);
    return 0;
}
Status f_cuGraphDestroy(void *graph) { free(graph); return 0; }
Status f_cuGraphExecDestroy(void *graph) { free(graph); return 0; }
Status f_cuGraphLaunch(void *graph, void *stream) {
    done.launches += ((Work *)graph)->launches;
    done.sum += ((Work *)graph)->sum;
    return 0;
}
Status f_cuGetErrorName(int status, const char **name) { *name = status == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR"; return 0; }

Status cuGetProcAddress_v2(const char *symbol, void **found, int version, uint64_t flags, int *status) {
    char name[256];
    Dl_info self;
    dladdr((void *)cuGetProcAddress_v2, &self);
    snprintf(name, sizeof name, "f_%s", symbol);
    *found = dlsym(dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD), name);
    if (!strncmp(symbol, "cuGetProcAddress", 16)) *found = (void *)cuGetProcAddress_v2;
    if (!*found) *found = (void *)nothing;
    if (status) *status = 0;
    return 0;
}
Status cuGetProcAddress(const char *symbol, void **found, int version, uint64_t flags) {
    return cuGetProcAddress_v2(symbol, found, version, flags, 0);
}
Status cuInit(unsigned flags) { return 0; }
Status cuDriverGetVersion(int *version) { return f_cuDriverGetVersion(version); }
