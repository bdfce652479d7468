"""Memory of training as others measured and published it, where what was run is told.

Before PyTorch 2.0 `zero_grad` kept the gradients, filled with zeros: the next pass meets them as a
second pass before one step does.

Left out, and why: SchedTune's sums, whose optimizer and version of PyTorch are not told, so that
only what an image adds is compared; rows of Hugging Face with half precision or checkpoints, whose
parts Apex or an older Trainer made; networks of timm with activations of its own.
"""

from dataclasses import dataclass, field
from functools import partial

from shapewright import Sharding

MIB = 1 << 20

SOURCES = {
    "xMem": "github.com/Stone-ResearchLife/xMem plot/data, evaluation_result.json; PyTorch 2.6, "
    "transformers 4.51.3 (paper_container/config.py); images of 86x86, at most 128 tokens a text. "
    "The loop keeps what the model returned until the next iteration has returned its own, and "
    "begins with zero_grad (train_loop.py: the files that tell the position have 0). NVML's peak "
    "less its start, which set_per_process_memory_fraction preceded, so that the context is not in "
    "it (exp/trainer); of convnets the start is taken while the model moves to the GPU, and holds "
    "what has come by then. Each estimate became a fraction of the GPU, in hundredths, and the "
    "training ran again within",
    "xMem, further": "the same files: other batches and optimizers of the networks that keep no "
    "workspaces of cuDNN, and two of MnasNet",
    "mmaction2": "README tables of TSN, 2020; max_memory_allocated, frames of 224x224, one of 8 "
    "V100 under MMDistributedDataParallel; cuBLAS did not ask the allocator then",
    "Hugging Face": "Efficient Training on a Single GPU, 2022; BERT-large with 512 tokens, V100 "
    "16 GB, nvidia-smi, of which 1343 MiB are the context",
    "SchedTune": "github.com/Stone-ResearchLife/xMem, schedtune/src/model_stats.csv; V100, images "
    "of 224x224: what one image adds, between a batch of 32 and of 64",
    "timm": "results/benchmark-train-amp-nchw-pt112-cu113-rtx3090.csv; autocast to fp16, SGD with "
    "momentum: the largest batch that ran, the next of its ladder did not. CUDA 11.3 loads all "
    "kernels at once: the context is taken as nvidia-smi had it on that card with CUDA 11.1, "
    "github.com/pytorch/pytorch/issues/55277",
}


@dataclass(frozen=True)
class Row:
    """`kind`: `"reserved"` (with what others than the allocator take), `"allocated"`, `"slope"`
    (bytes an image), or `"largest"` (a batch). `measured` in bytes, or a batch."""

    source: str
    network: str
    kind: str
    measured: int
    batch: int
    optimizer: str = "sgd-momentum"
    size: int = 224
    precision: str = "fp32"
    device: str = "v100-16gb"
    context: int | None = None  # bytes that the source says; None: not told
    accumulate: int = 1  # passes before a step; 2 too where zero_grad keeps the gradients
    zero_grad: str = "after-step"
    sharding: Sharding | None = None
    has_workspace: bool = True  # whether cuBLAS asks the allocator
    tools: dict[str, int] = field(default_factory=dict)  # what others predicted
    ran: dict[str, bool] = field(default_factory=dict)  # whether it ran within that
    outputs: str = "dropped"
    again: tuple[int, ...] = ()  # other runs of the same
    starts_late: bool = False  # whether a part of the model may be in the start that is taken off


# `ran`: whether training got by within what xMem, DNNMem and SchedTune had estimated; -: not run.
def _xmem(network, batch, optimizer, measured, estimates, ran, *, size=86, source="xMem", again=()):
    tools = dict(zip(("xMem", "DNNMem", "SchedTune"), estimates, strict=True))
    within = {tool: flag == "1" for tool, flag in zip(tools, ran, strict=True) if flag != "-"}
    return Row(
        source, network, "reserved", measured, batch, optimizer, size, device="rtx-3060",
        context=0, tools=tools, ran=within, outputs="kept", again=again, starts_late=size == 86,
    )  # fmt: skip


_further = partial(_xmem, source="xMem, further")
_texts = partial(_further, size=128)


XMEM = (
    _xmem("vgg16", 684, "sgd", 11804868608, (12119441408, 9791602688, 10817550417), "101"),
    _xmem("vgg19", 377, "adamw", 10867441664, (9707716608, 6264193024, 10007126999), "101"),
    _xmem("resnet101", 351, "sgd", 8468299776, (8824815616, 8516534272, 10306851962), "111"),
    _xmem("resnet152", 326, "adam", 11165237248, (11379146752, 10787749888, 10830017986), "100"),
    _xmem("mobilenet_v2", 251, "adamw", 4148166656, (3684696064, 2696937472, 3561960243), "101"),
    _xmem("convnext_base_dropping", 294, "adamw", 10498342912,
          (10324279296, 6782189568, 8201709813), "000"),
    _xmem("convnext_base_dropping", 300, "sgd", 9984540672,
          (10278141952, 6872367104, 8087289200), "100", again=(10135535616, 10072621056)),
    _xmem("convnext_tiny_dropping", 200, "sgd", 3319791616,
          (3523215360, 2472542208, 3096738529), "100"),
    _xmem("convnext_tiny_dropping", 200, "adamw", 3468689408,
          (3680501760, 2472542208, 3096738529), "100", again=(3607101440,)),
    _xmem("convnext_tiny_dropping", 300, "adam", 4846518272,
          (4989124608, 3523215360, 4611154903), "100"),
    _xmem("mnasnet", 400, "sgd", 3676307456, (3621781504, 3395289088, 4021676933), "111"),
    _xmem("mnasnet", 300, "adamw", 3265265664, (2755657728, 2560622592, 3592452833), "111"),
    _xmem("mnasnet", 600, "adam", 5089787904, (5305794560, 4932501504, 5556823654), "111"),
    _xmem("mnasnet", 200, "rmsprop", 2237661184, (1914699776, 1803550720, 2696675328), "111"),
    _xmem("mnasnet", 700, "sgd", 5928648704, (6142558208, 5750390784, 8559955804), "111"),
    _xmem("gpt_neo_125m", 10, "adamw", 4445962240,
          (4783603712, 3292528640, 3855037235), "100", size=128, again=(4458545152,)),
    _xmem("gpt_neo_125m", 30, "sgd", 9223274496,
          (8917090304, 8262778880, 3855037235), "100", size=128),
    _xmem("gpt_neo_125m", 30, "adam", 9997123584,
          (9693036544, 8262778880, 3855037235), "000", size=128),
    _xmem("cerebras_gpt_111m", 10, "adamw", 4286578688,
          (3749707776, 2642411520, 3855037235), "101", size=128),
    _xmem("cerebras_gpt_111m", 10, "sgd", 3166699520,
          (2785017856, 2642411520, 3855037235), "111", size=128, again=(2650800128,)),
    _xmem("distilgpt2", 10, "adamw", 3160408064,
          (3275751424, 2061500416, 2544138977), "100", size=128),
    _xmem("distilgpt2", 30, "adam", 7377780736,
          (7958691840, 5119148032, 2544138977), "100", size=128),
    _xmem("t5_small", 10, "adamw", 2766143488,
          (2835349504, 2799697920, 2544138977), "110", size=128),
)  # fmt: skip

FURTHER = (
    _further("mnasnet", 400, "adamw", 3703570432, (3649044480, 3395289088, 4021676933), "111"),
    _further("mnasnet", 400, "rmsprop", 3695181824, (3634364416, 3395289088, 4021676933), "111"),
    _further("convnext_tiny_dropping", 300, "sgd", 4833935360,
             (4976541696, 3523215360, 4611154903), "101"),
    _further("convnext_tiny_dropping", 500, "sgd", 7992246272,
             (8124366848, 5660213248, 8051721502), "101"),
    _further("convnext_tiny_dropping", 700, "sgd", 11031019520,
             (11140071424, 7824474112, 8850956615), "100"),
    _further("convnext_tiny_dropping", 500, "rmsprop", 7998537728,
             (8130658304, 5660213248, 8051721502), "101"),
    _further("convnext_tiny_dropping", 600, "adamw", 9451864064,
             (9581887488, 6727663616, 8382494801), "100"),
    _further("convnext_base_dropping", 200, "sgd", 6782189568,
             (7075790848, 5035261952, 7612022128), "101"),
    _further("convnext_base_dropping", 200, "rmsprop", 7126122496,
             (7363100672, 5035261952, 7612022128), "101", again=(7147094016,)),
    _texts("gpt_neo_125m", 5, "sgd", 2401239040,
           (2327838720, 1786773504, 3855037235), "101", again=(2699034624,)),
    _texts("gpt_neo_125m", 20, "adamw", 7547650048, (7300186112, 6081740800, 3855037235), "100"),
    _texts("gpt_neo_125m", 25, "sgd", 7797211136, (7595884544, 7050625024, 4279951687), "100"),
    _texts("gpt_neo_125m", 25, "adam", 9084862464, (8241807360, 7050625024, 4279951687), "000"),
    _texts("gpt_neo_125m", 30, "adamw", 10022289408, (9743368192, 8313110528, 4438769008), "000"),
    _texts("gpt_neo_125m", 35, "sgd", 10682892288, (10294919168, 9539944448, 3855037235), "100"),
    _texts("gpt_neo_125m", 35, "adamw", 11622416384, (11236540416, 9577693184, 4533927280), "100"),
    _texts("gpt_neo_125m", 40, "sgd", 11995709440, (11584667648, 10678697984, 5228042649), "100"),
    _texts("cerebras_gpt_111m", 5, "sgd", 1918894080,
           (1887436800, 1627389952, 3855037235), "101", again=(1952448512,)),
    _texts("cerebras_gpt_111m", 20, "adamw", 5909774336,
           (5916065792, 4726980608, 3855037235), "100"),
    _texts("cerebras_gpt_111m", 25, "sgd", 5746196480, (5880414208, 5515509760, 3855037235), "100"),
    _texts("cerebras_gpt_111m", 35, "adamw", 8738832384,
           (8879341568, 7478444032, 3855037235), "100"),
    _texts("cerebras_gpt_111m", 40, "adam", 9869197312,
           (10011803648, 8350859264, 3855037235), "100"),
    _texts("cerebras_gpt_111m", 45, "sgd", 9913237504,
           (10041163776, 9363783680, 3855037235), "100"),
    _texts("distilgpt2", 15, "adamw", 3953131520, (4292870144, 2917138432, 2544138977), "100"),
    _texts("distilgpt2", 20, "adam", 5108662272, (5507121152, 3730833408, 2544138977), "100"),
    _texts("distilgpt2", 30, "adamw", 7377780736, (7958691840, 5119148032, 2544138977), "100"),
    _texts("t5_small", 20, "adamw", 4622123008, (4611637248, 5182062592, 2544138977), "110"),
    _texts("t5_small", 30, "sgd", 6291456000, (6190792704, 8638169088, 2544138977), "010"),
    _texts("t5_small", 35, "adamw", 7302283264, (7172259840, 9405726720, 2544138977), "010"),
    _texts("t5_small", 45, "adam", 9191817216, (8908701696, 11574181888, 2544138977), "010"),
    _texts("t5_small", 55, "sgd", 10705960960, (10393485312, 12759072768, 2544138977), "1-0"),
)  # fmt: skip

TSN = tuple(
    Row("mmaction2", "tsn_r50", "allocated", measured * MIB, batch, accumulate=2,
        sharding=Sharding("ddp", 8), has_workspace=False)
    for measured, batch in ((8344, 96), (10978, 128), (5691, 64))
)  # fmt: skip

HUGGING_FACE = tuple(
    Row("Hugging Face", "bert_large", "reserved", measured * MIB, batch, optimizer, 512,
        context=1343 * MIB, accumulate=accumulate)
    for measured, batch, optimizer, accumulate in (
        (14949, 4, "adamw-loop", 2), (8681, 1, "adamw-loop", 4), (12295, 4, "adafactor", 2))
)  # fmt: skip

SCHEDTUNE = tuple(
    Row("SchedTune", network, "slope", (at_64 - at_32) * MIB // 32, 32, "sgd")
    for network, at_32, at_64 in (
        ("resnet18", 2211, 3113), ("resnet34", 2625, 3847), ("resnet50", 4667, 7675),
        ("resnet101", 6153, 10439), ("resnet152", 7893, 13821), ("densenet121", 6013, 10571),
        ("densenet169", 6969, 11680), ("densenet201", 8463, 15347), ("vgg11", 5313, 8031),
        ("vgg13", 5973, 9243), ("vgg16", 6251, 10155), ("vgg19", 6425, 10673))
)  # fmt: skip

LADDER = (512, 384, 256, 192, 128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1)

# Of the networks here all that stopped short of the first step of the ladder.
TIMM = tuple(
    Row("timm", network, "largest", batch, batch, size=size, precision="fp16-amp",
        device="rtx-3090", context=1687 * MIB, accumulate=2)
    for network, size, batch in (
        ("resnet101", 224, 256), ("resnet152", 224, 192), ("resnet200", 224, 128),
        ("resnet50_gn", 224, 192), ("resnext50_32x4d", 224, 384), ("resnext101_32x4d", 224, 192),
        ("resnext101_32x8d", 224, 128), ("wide_resnet50_2", 224, 384),
        ("wide_resnet101_2", 224, 192),
        ("densenet121", 224, 256), ("densenet169", 224, 256), ("densenet201", 224, 192),
        ("densenet161", 224, 128), ("vgg16", 224, 384), ("vgg19", 224, 384), ("vgg11_bn", 224, 384),
        ("vgg13_bn", 224, 256), ("vgg16_bn", 224, 256), ("vgg19_bn", 224, 256),
        ("mobilenet_v2_140", 224, 384), ("convnext_tiny", 224, 256), ("convnext_small", 224, 192),
        ("convnext_base", 224, 128), ("convnext_large", 224, 96), ("convnext_tiny", 384, 96),
        ("convnext_small", 384, 64), ("vit_small_patch16_224", 224, 384),
        ("vit_base_patch16_224", 224, 192), ("vit_large_patch16_224", 224, 64),
        ("vit_tiny_patch16_384", 384, 128), ("vit_small_patch16_384", 384, 64),
        ("vit_large_patch16_384", 384, 12), ("vit_base_patch32_384", 384, 256),
        ("vit_large_patch32_224", 224, 256), ("vit_large_patch32_384", 384, 96),
        ("mixer_b16_224", 224, 256), ("mixer_l32_224", 224, 192), ("mixer_l16_224", 224, 96))
)  # fmt: skip

ROWS = XMEM + FURTHER + TSN + HUGGING_FACE + SCHEDTUNE + TIMM
