"""Vision, audio and joint models of `transformers`."""

from __future__ import annotations

from typing import Any

import torch

from .from_config import config, from_config, mean_square, next_token
from .row import TorchModel, batches

PIXELS = {"pixel_values": "f32[N, 3, 32, 32]"}
LARGER = {"pixel_values": "f32[N, 3, 64, 64]"}
NUMBERS = batches(2, 4, 7)
SMALL = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 48,
         "intermediate_size": 96}  # fmt: skip
VIT = {**SMALL, "image_size": 32, "patch_size": 8, "num_labels": 5}
WINDOWS = {"image_size": 32, "patch_size": 2, "embed_dim": 16, "depths": [2, 2],
           "num_heads": [2, 4], "window_size": 4, "num_labels": 5}  # fmt: skip
RESNET = {"embedding_size": 16, "hidden_sizes": [16, 32, 64], "depths": [1, 2, 1],
          "layer_type": "basic"}  # fmt: skip
SPEECH = {**SMALL, "conv_dim": [16, 16, 16], "conv_kernel": [10, 3, 3], "conv_stride": [5, 2, 2],
          "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4,
          "num_feat_extract_layers": 3, "apply_spec_augment": False, "layerdrop": 0.0,
          "vocab_size": 20}  # fmt: skip
WAVE = {"input_values": "f32[B, S]"}
SECONDS = ({"B": 2, "S": 1600}, {"B": 3, "S": 3200}, {"B": 4, "S": 2400})
TEXT_TOWER = {
    **SMALL,
    "vocab_size": 200,
    "max_position_embeddings": 32,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
CLIP = {"text_config": TEXT_TOWER, "vision_config": {**SMALL, "image_size": 32, "patch_size": 8},
        "projection_dim": 24}  # fmt: skip
PAIRS = {"input_ids": "i64[N, S]", "pixel_values": PIXELS["pixel_values"]}
PAIR_SIZES = ({"N": 2, "S": 8}, {"N": 4, "S": 16}, {"N": 3, "S": 11})


def contrast(out: Any) -> torch.Tensor:
    """The symmetric loss of CLIP over the similarities of the batch."""
    logits = out.logits_per_text
    chosen = torch.arange(logits.shape[0])
    loss = torch.nn.functional.cross_entropy
    return (loss(logits, chosen) + loss(logits.t(), chosen)) / 2


def boxes_and_classes(out: Any) -> torch.Tensor:
    classes: torch.Tensor = out.logits.log_softmax(-1).mean()
    return out.pred_boxes.abs().mean() - classes


DETR = {"use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None,
        "num_queries": 6, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2,
        "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64, "num_labels": 5}  # fmt: skip


def detr() -> torch.nn.Module:
    backbone = config("ResNetConfig", **RESNET, out_features=["stage3"])
    return from_config("DetrForObjectDetection", **DETR, backbone_config=backbone)()


def upernet() -> torch.nn.Module:
    backbone = config(
        "ConvNextConfig", num_stages=4, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1],
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )  # fmt: skip
    return from_config("UperNetForSemanticSegmentation", "UperNetConfig",
                       backbone_config=backbone, hidden_size=16, num_labels=5, pool_scales=[1, 2],
                       use_auxiliary_head=False)()  # fmt: skip


def speech_encoder_decoder() -> torch.nn.Module:
    return from_config(
        "WhisperForConditionalGeneration", "WhisperConfig", vocab_size=200, num_mel_bins=16,
        d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_source_positions=50,
        max_target_positions=32, use_cache=False, pad_token_id=0, bos_token_id=1, eos_token_id=2,
        decoder_start_token_id=1,
    )()  # fmt: skip


VISION = [
    TorchModel("vit", "vision", from_config("ViTForImageClassification", **VIT), PIXELS, NUMBERS),
    TorchModel("vit-labels", "vision", from_config("ViTForImageClassification", **VIT),
               {**PIXELS, "labels": "i64[N]"}, NUMBERS, 5),
    TorchModel("deit", "vision", from_config("DeiTForImageClassification", **VIT), PIXELS, NUMBERS),
    TorchModel("beit", "vision",
               from_config("BeitForImageClassification", **VIT, use_relative_position_bias=True),
               PIXELS, NUMBERS),
    TorchModel("dinov2", "vision", from_config("Dinov2Model", **VIT), PIXELS, NUMBERS, 2,
               mean_square),
    TorchModel("swin", "vision", from_config("SwinForImageClassification", **WINDOWS), PIXELS,
               NUMBERS),
    TorchModel("convnext-hf", "vision",
               from_config("ConvNextForImageClassification", "ConvNextConfig",
                           hidden_sizes=[16, 32, 48, 64], depths=[1, 1, 2, 1], num_labels=5),
               LARGER, NUMBERS),
    TorchModel("resnet-hf", "vision",
               from_config("ResNetForImageClassification", "ResNetConfig", **RESNET,
                           num_labels=5), LARGER, NUMBERS),
    TorchModel("mobilenet-v2-hf", "vision",
               from_config("MobileNetV2ForImageClassification", "MobileNetV2Config",
                           depth_multiplier=0.35, num_labels=5), LARGER, NUMBERS),
    TorchModel("efficientnet-hf", "vision",
               from_config("EfficientNetForImageClassification", "EfficientNetConfig",
                           width_coefficient=0.25, depth_coefficient=0.5, hidden_dim=320,
                           num_labels=5, image_size=64), LARGER, NUMBERS),
    TorchModel("segformer", "segmentation",
               from_config("SegformerForSemanticSegmentation", "SegformerConfig",
                           hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1],
                           num_attention_heads=[1, 2, 2, 4], decoder_hidden_size=32, num_labels=5),
               LARGER, NUMBERS, 2, lambda out: out.logits.log_softmax(1).mean().neg()),
    TorchModel("upernet", "segmentation", upernet, LARGER, NUMBERS),
    TorchModel("detr", "detection", detr,
               {**LARGER, "pixel_mask": "bool[N, 64, 64]"}, NUMBERS, 2, boxes_and_classes),
    TorchModel("vit-mae", "vision",
               from_config("ViTMAEForPreTraining", "ViTMAEConfig", **SMALL, image_size=32,
                           patch_size=8, decoder_num_hidden_layers=1, decoder_hidden_size=32,
                           decoder_num_attention_heads=4, decoder_intermediate_size=64), PIXELS,
               NUMBERS),
]  # fmt: skip

AUDIO = [
    TorchModel("whisper", "audio", speech_encoder_decoder,
               {"input_features": "f32[B, 16, 100]", "decoder_input_ids": "i64[B, S]"},
               ({"B": 2, "S": 12}, {"B": 3, "S": 24}, {"B": 4, "S": 7}), 200, next_token),
    TorchModel("wav2vec2", "audio", from_config("Wav2Vec2Model", **SPEECH), WAVE, SECONDS, 2,
               mean_square),
    TorchModel("hubert", "audio",
               from_config("HubertForCTC", **SPEECH, do_stable_layer_norm=True), WAVE, SECONDS),
    TorchModel("wavlm", "audio", from_config("WavLMModel", **SPEECH), WAVE, SECONDS, 2,
               mean_square),
    TorchModel("ast", "audio",
               from_config("ASTForAudioClassification", "ASTConfig", **SMALL, max_length=64,
                           num_mel_bins=32, num_labels=5), {"input_values": "f32[N, 64, 32]"},
               NUMBERS),
]  # fmt: skip

JOINT = [
    TorchModel("clip", "joint", from_config("CLIPModel", **CLIP), PAIRS, PAIR_SIZES, 200, contrast),
    TorchModel("siglip", "joint",
               from_config("SiglipModel", text_config=TEXT_TOWER,
                           vision_config={**SMALL, "image_size": 32, "patch_size": 8}),
               {**PIXELS, "input_ids": "i64[N, 32]"}, NUMBERS, 200, contrast),
]  # fmt: skip

MODELS = [*VISION, *AUDIO, *JOINT]
