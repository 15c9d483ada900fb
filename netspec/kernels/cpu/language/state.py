"""State words of a run, shared by kernels and driver. Each thread has its own copy; only `SCRATCH` differs.

Kernels read them as `state[COUNT]`. Real numbers are float64 bits (`real(state, WHITE)`), addresses are integers.
"""

COUNT = 0
"""images in this minibatch, at least one"""
GROUPS = 1
"""live lane groups, ceil(COUNT / lanes); no kernel touches later groups"""
STEP = 2
"""number of this step since training began; part of the random counter"""
SEED = 3
EPOCH = 4
FIRST = 5
"""index of this minibatch's first image in the order of the images"""
TOTAL = 6
"""images in the order"""
SCRATCH = 7
"""first element of this thread's private scratch in the arena, in float32 elements"""
THREADS = 8
IMAGES = 9
"""address of the images, uint8 or float32: C x H x W numbers each, `SOURCE_STRIDE` apart"""
LABELS = 10
"""address of the labels, (N,) int32; 0 where there are none"""
ORDER = 11
"""address of the order, int64 image numbers: they index the labels and enter the random counter"""
MEAN = 12
"""address of the means, (C,) float32, subtracted from each channel before scaling"""
SCALE = 13
"""address of the factors, (C,) float32"""
SOURCE_BYTES = 14
"""bytes per number of the data set: 1 (uint8) or 4 (float32)"""
SOURCE_HEIGHT = 15
SOURCE_WIDTH = 16
CROP = 17
"""0: the image has the input's size; 1: a window at a random offset; 2: the central window"""
CROP_PAD = 18
"""rows and columns of zeros (after normalisation) around an image before it is cropped"""
RESULTS = 19
"""address of the collected outputs, float32 (TOTAL, K); 0: not collected"""
METRICS = 20
"""address of two float64: this step's sums of losses and of correct answers"""
METRICS_BYTES = 16
WHITE = 21
"""value of the brightest pixel, in the units of the images"""
SLOTS = 22
"""address of int64, parallel to the order: the slot at `IMAGES` that holds the image's pixels"""
SOURCE_STRIDE = 23
"""stride of images at `IMAGES`, in numbers; C x H x W where they are contiguous"""
SCALARS = 24
"""address of this step's float64 scalars, one for each of the program's `scalars`"""

WORDS = 32
"""words of a thread's copy; a multiple of a cache line"""
