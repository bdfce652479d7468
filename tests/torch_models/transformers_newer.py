"""Models of `transformers` that none of the rows was written with: what an answer is worth for the
next one."""

from __future__ import annotations

from .from_config import from_config, mean_square, next_token
from .row import TorchModel, batches
from .transformers_text import BOTH, DECODER, GROUPED, IDS, LENGTHS, PAIR, SMALL, T5, TEXT
from .transformers_vision import LARGER, NUMBERS, PIXELS, VIT, WINDOWS

WINDOWED = ({"B": 2, "S": 16}, {"B": 4, "S": 32}, {"B": 3, "S": 24})  # whole windows: not padded
WINDOWED_PAIR = ({"B": 2, "S": 16, "T": 12}, {"B": 4, "S": 32, "T": 20}, {"B": 3, "S": 24, "T": 9})
EXPERTS = {"num_local_experts": 4, "num_experts_per_tok": 2}
DEEPSEEK = {**DECODER, "num_key_value_heads": 4, "n_routed_experts": 4, "num_experts_per_tok": 2,
            "n_group": 1, "topk_group": 1, "moe_intermediate_size": 32, "kv_lora_rank": 16,
            "q_lora_rank": 24, "qk_rope_head_dim": 8, "qk_nope_head_dim": 12, "v_head_dim": 12,
            "first_k_dense_replace": 1}  # fmt: skip
PYRAMID = {"num_labels": 5, "hidden_sizes": [16, 32], "depths": [1, 1]}

DECODERS = [
    TorchModel("gpt-neo", "decoder",
               from_config("GPTNeoForCausalLM", "GPTNeoConfig", vocab_size=200, hidden_size=48,
                           max_position_embeddings=64, num_layers=2, num_heads=4, window_size=8,
                           attention_types=[[["global", "local"], 1]], intermediate_size=96,
                           bos_token_id=1, eos_token_id=2, use_cache=False),
               IDS, TEXT, 200, next_token),
    TorchModel("codegen", "decoder",
               from_config("CodeGenForCausalLM", "CodeGenConfig", vocab_size=200, n_positions=64,
                           n_ctx=64, n_embd=64, n_layer=2, n_head=4, rotary_dim=8,
                           bos_token_id=1, eos_token_id=2, use_cache=False),
               IDS, TEXT, 200, next_token),
    TorchModel("gemma2", "decoder",
               from_config("Gemma2ForCausalLM", **GROUPED, head_dim=12, sliding_window=8),
               IDS, TEXT, 200, next_token),
    TorchModel("olmo2", "decoder", from_config("Olmo2ForCausalLM", **GROUPED), IDS, TEXT, 200,
               next_token),
    TorchModel("cohere2", "decoder",
               from_config("Cohere2ForCausalLM", **GROUPED, sliding_window=8), IDS, TEXT, 200,
               next_token),
    TorchModel("stablelm", "decoder",
               from_config("StableLmForCausalLM", **{**GROUPED, "hidden_size": 64}), IDS, TEXT,
               200, next_token),
    TorchModel("xglm", "decoder",
               from_config("XGLMForCausalLM", vocab_size=200, max_position_embeddings=256,
                           d_model=48, ffn_dim=96, num_layers=2, attention_heads=4,
                           use_cache=False), IDS, TEXT, 200, next_token),
    TorchModel("biogpt", "decoder", from_config("BioGptForCausalLM", **DECODER), IDS, TEXT, 200,
               next_token),
]  # fmt: skip
EXPERT_MODELS = [
    TorchModel("gpt-oss", "experts",
               from_config("GptOssForCausalLM", **GROUPED, **EXPERTS, head_dim=12,
                           sliding_window=8), IDS, TEXT, 200, next_token),
    TorchModel("olmoe", "experts",
               from_config("OlmoeForCausalLM", **GROUPED, num_experts=4, num_experts_per_tok=2),
               IDS, TEXT, 200, next_token),
    TorchModel("granite-moe", "experts", from_config("GraniteMoeForCausalLM", **GROUPED, **EXPERTS),
               IDS, TEXT, 200, next_token),
    TorchModel("deepseek-v2", "experts", from_config("DeepseekV2ForCausalLM", **DEEPSEEK),
               IDS, TEXT, 200, next_token),
    TorchModel("deepseek-v3", "experts", from_config("DeepseekV3ForCausalLM", **DEEPSEEK),
               IDS, TEXT, 200, next_token),
    TorchModel("llama4", "experts",
               from_config("Llama4ForCausalLM", "Llama4TextConfig", **GROUPED, **EXPERTS,
                           head_dim=12, intermediate_size_mlp=96, moe_layers=[1],
                           attention_chunk_size=8), IDS, TEXT, 200, next_token),
]  # fmt: skip
ENCODERS = [
    TorchModel("mobilebert", "encoder",
               from_config("MobileBertForMaskedLM", **SMALL, embedding_size=24,
                           intra_bottleneck_size=24, true_hidden_size=24), IDS, TEXT, 200,
               next_token),
    TorchModel("roformer", "encoder",
               from_config("RoFormerForMaskedLM", "RoFormerConfig", **SMALL, embedding_size=32),
               IDS, TEXT, 200, next_token),
    TorchModel("convbert", "encoder", from_config("ConvBertModel", **SMALL, embedding_size=32),
               IDS, TEXT, 200, mean_square),
    TorchModel("fnet", "encoder", from_config("FNetModel", **SMALL), IDS, TEXT, 200, mean_square),
    TorchModel("longformer", "encoder",
               from_config("LongformerModel", **{**SMALL, "max_position_embeddings": 70},
                           attention_window=[8, 8], pad_token_id=1), IDS, WINDOWED, 200,
               mean_square),
]  # fmt: skip
PAIRS = [
    TorchModel("switch", "encoder-decoder",
               from_config("SwitchTransformersForConditionalGeneration", "SwitchTransformersConfig",
                           **T5, num_experts=4, num_sparse_encoder_layers=1,
                           num_sparse_decoder_layers=1), PAIR, LENGTHS, 200, next_token),
    TorchModel("longt5", "encoder-decoder",
               from_config("LongT5ForConditionalGeneration", "LongT5Config", **T5, local_radius=7),
               PAIR, WINDOWED_PAIR, 200, next_token),
    TorchModel("m2m", "encoder-decoder",
               from_config("M2M100ForConditionalGeneration", "M2M100Config",
                           **{**BOTH, "max_position_embeddings": 256}), PAIR, LENGTHS, 200,
               next_token),
]  # fmt: skip
IMAGES = [
    TorchModel("swinv2", "vision",
               from_config("Swinv2ForImageClassification", **WINDOWS), PIXELS, NUMBERS),
    TorchModel("convnextv2", "vision",
               from_config("ConvNextV2ForImageClassification", num_stages=2, **PYRAMID), LARGER,
               NUMBERS),
    TorchModel("poolformer", "vision",
               from_config("PoolFormerForImageClassification", "PoolFormerConfig", num_labels=5,
                           hidden_sizes=[16, 24, 32, 48], depths=[1, 1, 1, 1]), LARGER, NUMBERS),
    TorchModel("focalnet", "vision",
               from_config("FocalNetForImageClassification", image_size=32, patch_size=4,
                           embed_dim=16, depths=[1, 1], focal_levels=[2, 2],
                           focal_windows=[3, 3], num_labels=5), PIXELS, NUMBERS),
    TorchModel("pvt-v2", "vision",
               from_config("PvtV2ForImageClassification", image_size=64, num_labels=5,
                           hidden_sizes=[16, 24, 40, 48], depths=[1, 1, 1, 1],
                           num_attention_heads=[1, 2, 4, 4]), LARGER, NUMBERS),
    TorchModel("mobilevit", "vision",
               from_config("MobileViTForImageClassification", image_size=64, num_labels=5), LARGER,
               NUMBERS),
    TorchModel("regnet", "vision",
               from_config("RegNetForImageClassification", num_labels=5, embedding_size=16,
                           hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 1, 1], groups_width=8),
               LARGER, NUMBERS),
    TorchModel("vit-msn", "vision",
               from_config("ViTMSNForImageClassification", "ViTMSNConfig", **VIT), PIXELS, NUMBERS),
    TorchModel("yolos", "vision",
               from_config("YolosModel", **{**VIT, "image_size": [32, 32]},
                           num_detection_tokens=4), PIXELS, NUMBERS, loss=mean_square),
    TorchModel("videomae", "vision",
               from_config("VideoMAEForVideoClassification", "VideoMAEConfig", **VIT,
                           num_frames=4), {"pixel_values": "f32[N, 4, 3, 32, 32]"},
               batches(2, 3, 4)),
]  # fmt: skip

MODELS = (*DECODERS, *EXPERT_MODELS, *ENCODERS, *PAIRS, *IMAGES)
