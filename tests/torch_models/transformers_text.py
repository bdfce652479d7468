"""Language models of `transformers`: encoders, decoders, both together, mixtures of experts."""

from __future__ import annotations

from .from_config import from_config, mean_square, next_token
from .row import TorchModel

TEXT = ({"B": 2, "S": 16}, {"B": 4, "S": 32}, {"B": 3, "S": 25})
IDS = {"input_ids": "i64[B, S]"}
MASKED = {**IDS, "attention_mask": "bool[B, S]"}
LABELLED = {**IDS, "labels": "i64[B, S]"}
CLASSES = {**MASKED, "labels": "i64[B]"}

# Small in the names that most configurations share, and in those of GPT-2.
SIZE = {"vocab_size": 200, "max_position_embeddings": 64, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 4, "hidden_size": 48}
SMALL = {**SIZE, **HEADS, "intermediate_size": 96}
DECODER = {**SMALL, "use_cache": False, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
GROUPED = {**DECODER, "num_key_value_heads": 2}
GPT2 = {"vocab_size": 200, "n_positions": 64, "n_embd": 48, "n_layer": 2, "n_head": 4,
        "bos_token_id": 1, "eos_token_id": 2, "use_cache": False}  # fmt: skip
MIXED = {"num_local_experts": 4, "num_experts_per_tok": 2}
BOTH = {"vocab_size": 200, "max_position_embeddings": 64, "d_model": 32, "use_cache": False,
        "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
        "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64,
        "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
        "decoder_start_token_id": 2}  # fmt: skip
T5 = {"vocab_size": 200, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4,
      "use_cache": False, "decoder_start_token_id": 0}  # fmt: skip
PAIR = {"input_ids": "i64[B, S]", "decoder_input_ids": "i64[B, T]"}
LENGTHS = ({"B": 2, "S": 16, "T": 12}, {"B": 4, "S": 32, "T": 20}, {"B": 3, "S": 25, "T": 9})

ENCODERS = [
    TorchModel("bert", "encoder", from_config("BertModel", **SMALL), IDS, TEXT, 200),
    TorchModel("bert-mlm", "encoder", from_config("BertForMaskedLM", **SMALL), LABELLED, TEXT, 200),
    TorchModel("bert-classifier", "encoder",
               from_config("BertForSequenceClassification", **SMALL), CLASSES, TEXT, 2),
    TorchModel("bert-eager", "encoder",
               from_config("BertModel", **SMALL, attn_implementation="eager"), MASKED, TEXT, 2),
    TorchModel("roberta", "encoder", from_config("RobertaForMaskedLM", **SMALL, pad_token_id=1),
               IDS, TEXT, 200, next_token),
    TorchModel("distilbert", "encoder",
               from_config("DistilBertForMaskedLM", "DistilBertConfig", vocab_size=200,
                           max_position_embeddings=64, dim=48, n_layers=2, n_heads=4,
                           hidden_dim=96), IDS, TEXT, 200, next_token),
    TorchModel("electra", "encoder",
               from_config("ElectraForPreTraining", **SMALL, embedding_size=32), IDS, TEXT, 200),
    TorchModel("albert", "encoder",
               from_config("AlbertForMaskedLM", **SMALL, embedding_size=32), IDS, TEXT, 200,
               next_token),
    TorchModel("deberta-v2", "encoder",
               from_config("DebertaV2Model", **SMALL, relative_attention=True,
                           pos_att_type=["p2c", "c2p"], position_buckets=16), IDS, TEXT, 200,
               mean_square),
    TorchModel("modernbert", "encoder",
               from_config("ModernBertForMaskedLM", **SMALL, pad_token_id=0, bos_token_id=1,
                           eos_token_id=2, cls_token_id=1, sep_token_id=2,
                           global_attn_every_n_layers=2, local_attention=8), IDS, TEXT, 200,
               next_token),
]  # fmt: skip

DECODERS = [
    TorchModel("gpt2", "decoder", from_config("GPT2LMHeadModel", **GPT2), IDS, TEXT, 200,
               next_token),
    TorchModel("gpt2-labels", "decoder", from_config("GPT2LMHeadModel", **GPT2), LABELLED, TEXT,
               200),
    TorchModel("gpt-neox", "decoder", from_config("GPTNeoXForCausalLM", **DECODER), IDS, TEXT, 200,
               next_token),
    TorchModel("opt", "decoder",
               from_config("OPTForCausalLM", "OPTConfig", vocab_size=200, hidden_size=48,
                           num_hidden_layers=2, ffn_dim=96, num_attention_heads=4,
                           max_position_embeddings=64, word_embed_proj_dim=48, use_cache=False),
               IDS, TEXT, 200, next_token),
    TorchModel("llama", "decoder", from_config("LlamaForCausalLM", **GROUPED), IDS, TEXT, 200,
               next_token),
    TorchModel("llama-labels", "decoder", from_config("LlamaForCausalLM", **GROUPED), LABELLED,
               TEXT, 200),
    TorchModel("llama-cache", "decoder",
               from_config("LlamaForCausalLM", **{**GROUPED, "use_cache": True}), IDS, TEXT, 200,
               next_token),
    TorchModel("llama-eager", "decoder",
               from_config("LlamaForCausalLM", **GROUPED, attn_implementation="eager"), MASKED,
               TEXT, 2, next_token),
    TorchModel("mistral", "decoder",
               from_config("MistralForCausalLM", **GROUPED, sliding_window=8), IDS, TEXT, 200,
               next_token),
    TorchModel("qwen2", "decoder",
               from_config("Qwen2ForCausalLM", **GROUPED, tie_word_embeddings=True), IDS, TEXT, 200,
               next_token),
    TorchModel("qwen3", "decoder", from_config("Qwen3ForCausalLM", **GROUPED, head_dim=12), IDS,
               TEXT, 200, next_token),
    TorchModel("gemma", "decoder", from_config("GemmaForCausalLM", **GROUPED, head_dim=12), IDS,
               TEXT, 200, next_token),
    TorchModel("phi", "decoder", from_config("PhiForCausalLM", **DECODER), IDS, TEXT, 200,
               next_token),
    TorchModel("falcon", "decoder",
               from_config("FalconForCausalLM", vocab_size=200, hidden_size=48,
                           num_hidden_layers=2, num_attention_heads=4, bos_token_id=1,
                           eos_token_id=2, use_cache=False), IDS, TEXT, 200, next_token),
    TorchModel("bloom", "decoder",
               from_config("BloomForCausalLM", vocab_size=200, hidden_size=48, n_layer=2, n_head=4,
                           use_cache=False), IDS, TEXT, 200, next_token),
]  # fmt: skip

MIXTURES = [
    TorchModel("mixtral", "moe", from_config("MixtralForCausalLM", **GROUPED, **MIXED), IDS, TEXT,
               200, next_token),
    TorchModel("qwen2-moe", "moe",
               from_config("Qwen2MoeForCausalLM", **GROUPED, num_experts=4, num_experts_per_tok=2,
                           moe_intermediate_size=32, shared_expert_intermediate_size=64), IDS, TEXT,
               200, next_token),
]  # fmt: skip

ENCODER_DECODERS = [
    TorchModel("t5", "encoder-decoder", from_config("T5ForConditionalGeneration", **T5), PAIR,
               LENGTHS, 200, next_token),
    TorchModel("mt5", "encoder-decoder",
               from_config("MT5ForConditionalGeneration", **T5, feed_forward_proj="gated-gelu",
                           tie_word_embeddings=False), PAIR, LENGTHS, 200, next_token),
    TorchModel("bart", "encoder-decoder", from_config("BartForConditionalGeneration", **BOTH), PAIR,
               LENGTHS, 200, next_token),
    TorchModel("marian", "encoder-decoder",
               from_config("MarianMTModel", "MarianConfig", **BOTH), PAIR, LENGTHS, 200,
               next_token),
    TorchModel("pegasus", "encoder-decoder", from_config("PegasusForConditionalGeneration", **BOTH),
               PAIR, LENGTHS, 200, next_token),
]  # fmt: skip

MODELS = [*ENCODERS, *DECODERS, *MIXTURES, *ENCODER_DECODERS]
