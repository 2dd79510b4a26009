// Simulate an economy from its ONNX files, with the C interface of ONNX Runtime alone.
//
//     cc simulate.c -I INCLUDE -L LIB -lonnxruntime -lm -o simulate && ./simulate FOLDER PERIODS
//
// prints, as JSON, the last states, controls and observables of a path from the steady state at the default
// parameters, and the mean of each observable over it. The shock j of period t is sqrt(2) sin(t + 2 j): as large as
// a standard normal, and the same in every language. The file must be one of float32, as all that ship are.
//
// Parameters of one's own must first be tested against the box and the region of the card, for which a program
// needs a reader of JSON; this one takes the defaults, which it finds with a search.

#include <math.h>
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 10000 };  // columns of one kind

typedef struct {
    const char *name;
    float values[MOST];
    int64_t columns;
} Row;

static const OrtApi *ort;
static OrtMemoryInfo *memory;

static void require(OrtStatus *status)
{
    if (status == NULL) return;
    fprintf(stderr, "%s\n", ort->GetErrorMessage(status));
    exit(1);
}

static OrtSession *open_file(OrtEnv *env, const char *folder, const char *file)
{
    char path[4096];
    OrtSessionOptions *options;
    OrtSession *session;
    snprintf(path, sizeof path, "%s/%s", folder, file);
    require(ort->CreateSessionOptions(&options));
    require(ort->SetIntraOpNumThreads(options, 1));
    require(ort->CreateSession(env, path, options, &session));
    ort->ReleaseSessionOptions(options);
    return session;
}

// The width of an input; nothing is said about the order of inputs.
static int64_t columns_of(const OrtSession *session, const char *name)
{
    OrtAllocator *allocator;
    size_t count;
    int64_t columns = -1;
    require(ort->GetAllocatorWithDefaultOptions(&allocator));
    require(ort->SessionGetInputCount(session, &count));
    for (size_t i = 0; i < count; i++) {
        OrtTypeInfo *type;
        const OrtTensorTypeAndShapeInfo *tensor;
        int64_t shape[2];
        char *found;
        require(ort->SessionGetInputName(session, i, allocator, &found));
        require(ort->SessionGetInputTypeInfo(session, i, &type));
        require(ort->CastTypeInfoToTensorInfo(type, &tensor));
        require(ort->GetDimensions(tensor, shape, 2));
        if (strcmp(found, name) == 0) columns = shape[1];
        require(ort->AllocatorFree(allocator, found));
        ort->ReleaseTypeInfo(type);
    }
    if (columns < 0 || columns > MOST) {
        fprintf(stderr, "the file has no %s\n", name);
        exit(1);
    }
    return columns;
}

// The default of each parameter: what follows "default" in the list of parameters of the card.
static void read_defaults(const OrtSession *session, Row *parameters)
{
    OrtModelMetadata *metadata;
    OrtAllocator *allocator;
    char *card;
    require(ort->GetAllocatorWithDefaultOptions(&allocator));
    require(ort->SessionGetModelMetadata(session, &metadata));
    require(ort->ModelMetadataLookupCustomMetadataMap(metadata, allocator, "dsge_surrogate.card", &card));
    const char *found = card == NULL ? NULL : strstr(card, "\"parameters\": [");
    for (int i = 0; i < parameters->columns; i++) {
        if (found != NULL) found = strstr(found + 1, "\"default\": ");
        if (found == NULL) {
            fprintf(stderr, "the file has no card with a default of each parameter\n");
            exit(1);
        }
        parameters->values[i] = strtof(found + strlen("\"default\": "), NULL);
    }
    if (card != NULL) require(ort->AllocatorFree(allocator, card));
    ort->ReleaseModelMetadata(metadata);
}

static void run(OrtSession *session, Row *const *inputs, size_t n_inputs, Row *const *outputs, size_t n_outputs)
{
    OrtValue *in[4], *out[3] = {NULL};
    const char *in_names[4], *out_names[3];
    for (size_t i = 0; i < n_inputs; i++) {
        const int64_t shape[] = {1, inputs[i]->columns};
        in_names[i] = inputs[i]->name;
        require(ort->CreateTensorWithDataAsOrtValue(memory, inputs[i]->values, shape[1] * sizeof(float), shape, 2,
                                                    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &in[i]));
    }
    for (size_t i = 0; i < n_outputs; i++) out_names[i] = outputs[i]->name;
    require(ort->Run(session, NULL, in_names, (const OrtValue *const *)in, n_inputs, out_names, n_outputs, out));
    for (size_t i = 0; i < n_inputs; i++) ort->ReleaseValue(in[i]);
    for (size_t i = 0; i < n_outputs; i++) {
        OrtTensorTypeAndShapeInfo *tensor;
        int64_t shape[2];
        void *values;
        require(ort->GetTensorTypeAndShape(out[i], &tensor));
        require(ort->GetDimensions(tensor, shape, 2));
        require(ort->GetTensorMutableData(out[i], &values));
        outputs[i]->columns = shape[1];
        memcpy(outputs[i]->values, values, shape[1] * sizeof(float));
        ort->ReleaseTensorTypeAndShapeInfo(tensor);
        ort->ReleaseValue(out[i]);
    }
}

static void print(const char *before, const char *key, const float *values, int64_t n)
{
    printf("%s\"%s\": [", before, key);
    for (int64_t i = 0; i < n; i++) printf("%s%.9g", i ? ", " : "", values[i]);
    printf("]");
}

int main(int argc, char **argv)
{
    static Row states = {"states"}, controls = {"controls"}, shocks = {"shocks"}, parameters = {"parameters"};
    static Row next_states = {"next_states"}, next_controls = {"next_controls"};
    static Row observables = {"next_observables"};
    static double totals[MOST];
    static float means[MOST];
    OrtEnv *env;
    if (argc != 3) {
        fprintf(stderr, "usage: simulate FOLDER PERIODS\n");
        return 2;
    }
    ort = OrtGetApiBase()->GetApi(ORT_API_VERSION);
    if (ort == NULL) {
        fprintf(stderr, "ONNX Runtime is older than its header\n");
        return 1;
    }
    require(ort->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "simulate", &env));
    require(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));
    OrtSession *step = open_file(env, argv[1], "step.onnx");
    OrtSession *steady_state = open_file(env, argv[1], "steady_state.onnx");
    shocks.columns = columns_of(step, "shocks");
    parameters.columns = columns_of(step, "parameters");
    read_defaults(step, &parameters);

    run(steady_state, (Row *[]){&parameters}, 1, (Row *[]){&states, &controls}, 2);
    const int periods = atoi(argv[2]);
    for (int t = 1; t <= periods; t++) {
        for (int j = 0; j < shocks.columns; j++) shocks.values[j] = (float)(sqrt(2.0) * sin(t + 2.0 * j));
        run(step, (Row *[]){&states, &controls, &shocks, &parameters}, 4,
            (Row *[]){&next_states, &next_controls, &observables}, 3);
        memcpy(states.values, next_states.values, sizeof states.values);
        memcpy(controls.values, next_controls.values, sizeof controls.values);
        for (int i = 0; i < observables.columns; i++) totals[i] += observables.values[i];
    }
    for (int i = 0; i < observables.columns; i++) means[i] = (float)(totals[i] / periods);
    print("{", "states", states.values, states.columns);
    print(", ", "controls", controls.values, controls.columns);
    print(", ", "observables", observables.values, observables.columns);
    print(", ", "means", means, observables.columns);
    printf("}\n");
    ort->ReleaseSession(step);
    ort->ReleaseSession(steady_state);
    ort->ReleaseMemoryInfo(memory);
    ort->ReleaseEnv(env);
    return 0;
}
