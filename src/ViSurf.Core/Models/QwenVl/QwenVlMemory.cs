using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Models.Layers;
using ViSurf.Core.Models.QwenVl.Decoding;
using ViSurf.Core.Models.QwenVl.Groups;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Memory of a Qwen-VL policy, tensor by tensor as its layers make them: whoever changes a layer changes its line here. The residual
/// stream and norms are float32 (4 bytes), the rest has the policy's dtype (<c>b</c> bytes).
/// </summary>
/// <remarks>
/// A layer's input is kept for the gradient of its weight, a value that is multiplied with another one for the gradient of that; additions and
/// rotations keep nothing. A layer before which nothing trains keeps nothing at all. Attention is libtorch's fused kernel: it keeps queries,
/// keys, values and its output, but no attention matrix; the mask of a group is one for all layers.
/// </remarks>
/// <param name="config">The sizes.</param>
/// <param name="type">Dtype of the policy.</param>
/// <param name="trains">Names of the parameters that train, as <c>Module.named_parameters</c> or a checkpoint of either generation spells them.</param>
public sealed class QwenVlMemory(QwenVlConfig config, ScalarType type, IReadOnlyCollection<string> trains) : IMemoryModel
{
    private readonly QwenTextConfig _text = Guard.NotNull(config).Text;
    private readonly long _b = type.ElementSize();
    private readonly HashSet<string> _trains = [.. Guard.NotNull(trains).Select(OlderName)];

    /// <summary>Whether decoding copies prompts for their rows while that is small: <see cref="QwenVlOptions.Fused"/>.</summary>
    /// <value>false.</value>
    public bool Fused { get; init; }

    /// <summary>Whether layers are computed again in the backward pass: <see cref="QwenVlOptions.RecomputeLayers"/>.</summary>
    /// <value>false.</value>
    public bool RecomputeLayers { get; init; }

    /// <summary>Whether the policy is on CUDA: attention's backward pass has work of its own there, by its source, not measured.</summary>
    /// <value>false.</value>
    public bool OnCuda { get; init; }

    private long Queries => (long)_text.Heads * _text.HeadSize;

    /// <summary>Whether the generation normalises queries and keys.</summary>
    private bool HeadNorms => config.ModelType.StartsWith("qwen3", StringComparison.Ordinal);

    /// <summary>Whether the tower's norms and MLPs are of the decoder's kind.</summary>
    private bool HasRmsTower => config.ModelType == "qwen2_5_vl";

    private long KeysAndValues => 2L * _text.KeyValueHeads * _text.HeadSize;

    /// <summary>Of a policy as it is: its dtype, and what trains now (freeze and attach adapters first).</summary>
    public static QwenVlMemory Of(QwenVlPolicy policy) => new(Guard.NotNull(policy).Config, policy.Weights()[0].Value.dtype,
        [.. policy.Module.named_parameters().Where(p => p.parameter.requires_grad).Select(p => p.name)])
    {
        Fused = ((QwenVlModule)policy.Module).IsFused,
        RecomputeLayers = policy.RecomputesLayers,
        OnCuda = policy.Weights()[0].Value.device_type == DeviceType.CUDA,
    };

    /// <inheritdoc/>
    public ScoreMemory Score(PassSize size)
    {
        var (prompts, completions) = ((long)Guard.NotNull(size).Prompts * size.PromptTokens, (long)size.Rows * (size.NewTokens - 1));
        var predicted = (long)size.Rows * size.NewTokens;
        var chunk = Math.Min(predicted, SelectiveLogSoftmaxRows);
        var closed = IsClosed("lm_head");
        // float32 log-softmax for every predicted token unless it is recomputed, the hidden states before the head, and those that reach it.
        var most = closed ? HeadScores.KeptLogits : GroupScores.KeptLogits;
        // A frozen head keeps a direction each of log-probability and entropy instead.
        var frozen = Fused && Head() == 0;
        var kept = frozen || RecomputeLayers || predicted * _text.VocabularySize > most ? 0 : 4L * _text.VocabularySize;
        var logits = predicted * (kept + (closed ? 1 : 2) * _b * _text.HiddenSize + (frozen ? 2 * 4L * _text.HiddenSize : 0));
        return new ScoreMemory(
            Vision(size.Patches),
            Decoder(prompts, ownKeys: true),
            Decoder(completions, ownKeys: false) + (RecomputeLayers ? 0 : Joined(size)),
            logits,
            // Gradients of log-softmax and logits, the head's own added and summed. Written out, the first takes the logits' place.
            closed
                ? (kept > 0 ? 0 : Math.Min(predicted, HeadScores.Chunk(_text.VocabularySize)) * _text.VocabularySize * _b) + Head()
                : chunk * _text.VocabularySize * (4 + 4 + (_b < 4 ? _b : 0)) + 2 * Head(),
            LayerWork(prompts, completions, size) + Head(),
            LayerWork(prompts, completions, size));
    }

    /// <inheritdoc/>
    public DecodeMemory Decode(PassSize size)
    {
        var tokens = (long)Guard.NotNull(size).Prompts * size.PromptTokens;
        var perToken = KeysAndValues * _text.Layers * _b;
        // A layer's input and output; the MLP is the widest place: gate, its SiLU, up, product.
        var reading = tokens * (4L * _text.HiddenSize * 4 + _b * (4L * _text.IntermediateSize + 3L * _text.HiddenSize));
        var copied = (long)size.Rows * size.PromptTokens;
        var kept = Fused && copied * perToken <= JoinedCache.MostCopied ? copied : tokens;
        return new DecodeMemory(
            (kept + size.Rows * (long)size.NewTokens) * perToken,
            0,
            Math.Max(reading, VisionWork(size.Patches)),
            // Logits in the policy's dtype and float32, then the sampler's: filtered, shifted, weights, their sums.
            size.Rows * (long)_text.VocabularySize * (_b + 4 * 4));
    }

    private long SelectiveLogSoftmaxRows => SelectiveLogSoftmax.Chunk(_text.VocabularySize, OnCuda);

    private long Head() => Trains("lm_head") || Trains("model.embed_tokens") ? _b * _text.VocabularySize * _text.HiddenSize : 0;

    private long Decoder(long tokens, bool ownKeys)
    {
        // An image placeholder's embedding comes from the tower: what trains there has its gradient through every layer.
        var active = _trains.Any(name => name.StartsWith("visual.", StringComparison.Ordinal)) || Trains("model.embed_tokens");
        long bytes = 0;
        for (var i = 0; i < _text.Layers; i++)
        {
            var (layer, isLast) = ($"model.layers.{i}", i == _text.Layers - 1);
            active |= Trains(layer);
            // Of a prompt's last layer nothing is asked for but keys and values, its last token apart.
            if (active && RecomputeLayers) bytes += tokens * Stream;
            else if (active) bytes += tokens * (ownKeys && isLast ? LastLayerOfPrompt(layer) : Layer(layer, ownKeys, isLast));
        }
        return bytes + (!ownKeys && (active || Trains("model.norm")) ? tokens * Norm("model.norm", _text.HiddenSize) : 0);
    }

    private long LastLayerOfPrompt(string name)
        => Norm($"{name}.input_layernorm", _text.HiddenSize) + Input(_text.HiddenSize, $"{name}.self_attn.k_proj", $"{name}.self_attn.v_proj")
            + _b * KeysAndValues + (HeadNorms ? 2 * KeysAndValues : 0);

    /// <summary>Bytes that a decoder layer keeps of one token.</summary>
    private long Layer(string name, bool ownKeys, bool isLast)
    {
        var hidden = (long)_text.HiddenSize;
        // The normed row is made again for query, key and value in one; the last layer makes queries of fewer rows.
        var input = IsClosed($"{name}.self_attn") && !isLast ? 0
            : Input(hidden, $"{name}.self_attn.q_proj", $"{name}.self_attn.k_proj", $"{name}.self_attn.v_proj");
        var attention = Norm($"{name}.input_layernorm", hidden) + input
            + _b * (2 * Queries + (ownKeys ? KeysAndValues : 0)) + 4L * _text.Heads      // queries, output; log of the softmax's sum
            + (HeadNorms ? 4 * (Queries + KeysAndValues / 2) : 0)   // norms of heads
            + Input(Queries, $"{name}.self_attn.o_proj");
        return attention + Norm($"{name}.post_attention_layernorm", hidden) + GatedLayers($"{name}.mlp", hidden, _text.IntermediateSize);
    }

    /// <summary>An MLP behind its norm: gate and up; where autograd records it, its input, the gate's SiLU, and the product too.</summary>
    private long GatedLayers(string name, long width, long inner)
        => IsClosed(name) ? 2 * _b * inner
            : Input(width, $"{name}.gate_proj", $"{name}.up_proj") + 3 * _b * inner + Input(inner, $"{name}.down_proj");

    /// <summary>Each completion has a copy of its prompt's keys and values in front of its own, in every layer.</summary>
    private long Joined(PassSize size)
        => _trains.Count == 0 ? 0 : size.Rows * (long)(size.PromptTokens + size.NewTokens - 1) * KeysAndValues * _b * _text.Layers;

    private long Vision(long patches)
    {
        if (config.Vision is not { } vision || patches == 0) return 0;
        var (width, inner) = ((long)vision.HiddenSize, (long)vision.IntermediateSize);
        var active = Trains("visual.patch_embed");
        var bytes = active ? _b * vision.PatchWidth : 0;
        for (var i = 0; i < vision.Depth; i++)
        {
            var block = $"visual.blocks.{i}";
            active |= Trains(block);
            if (!active) continue;
            if (RecomputeLayers)
            {
                // Its input; the last block stands for the one that is there whole.
                bytes += 4 * width;
                if (i < vision.Depth - 1) continue;
            }
            bytes += Norm($"{block}.norm1", width) + Input(width, $"{block}.attn.qkv") + 6 * _b * width + Input(width, $"{block}.attn.proj")
                + Norm($"{block}.norm2", width) + (HasRmsTower
                    ? GatedLayers($"{block}.mlp", width, inner)
                    : Input(width, $"{block}.mlp") + 3 * _b * inner + Input(inner, $"{block}.mlp.fc2", $"{block}.mlp.linear_fc2"));
        }
        // The merger's hidden layer is as wide as the patches it joins: its input, its values before and after GELU.
        if (active || Trains("visual.merger")) bytes += Norm("visual.merger.ln_q", width) + 3 * _b * width;
        return patches * bytes;
    }

    /// <summary>Without gradient: a block's input and output, and its MLP.</summary>
    private long VisionWork(long patches) => config.Vision is not { } vision ? 0
        : patches * (4L * vision.HiddenSize * 4 + _b * (4L * vision.IntermediateSize + 3L * vision.HiddenSize) + 4L * vision.PatchWidth);

    /// <summary>What goes from layer to layer, float32.</summary>
    private long Stream => 4L * _text.HiddenSize;

    /// <summary>
    /// Gradients inside a layer while its backward pass runs: of product, SiLU, up and gate, and of the stream; on CUDA the float32 sum of
    /// the queries' gradient, and keys' and values' gradients for every query head. The layer itself when it is computed again.
    /// </summary>
    private long LayerWork(long prompts, long completions, PassSize size)
    {
        var tokens = prompts + completions;
        var work = tokens * ((IsClosed("model.layers") ? 1 : 4) * _b * _text.IntermediateSize + 4 * Stream
            + (OnCuda ? (4 + 2 * _b) * Queries : 0));
        if (!RecomputeLayers || _trains.Count == 0) return work;
        var layer = $"model.layers.{_text.Layers - 1}";
        return work + prompts * Layer(layer, ownKeys: true, isLast: false) + completions * Layer(layer, ownKeys: false, isLast: false)
            + Joined(size) / _text.Layers;
    }

    /// <summary>The stream in float32, and for the weight's gradient the normalised one; a number where it is written out.</summary>
    private long Norm(string name, long width)
        => _b >= 4 && (HasRmsTower || !name.StartsWith("visual.", StringComparison.Ordinal))
            ? 4 * width + 4 : 4 * width * (Trains(name) ? 2 : 1);

    /// <summary>Whether its layers' gradients are written out (<see cref="SwiGluBlock"/>): not in half precision or beside adapters.</summary>
    private bool IsClosed(string name)
        => _b >= 4
            && !_trains.Any(n => n.StartsWith(name + ".", StringComparison.Ordinal) && n.Contains(".lora_", StringComparison.Ordinal));

    /// <summary>The input of linear layers, kept once when any of them trains or has an adapter.</summary>
    private long Input(long width, params string[] names) => names.Any(Trains) ? _b * width : 0;

    private bool Trains(string prefix) => _trains.Any(name => name.StartsWith(prefix + ".", StringComparison.Ordinal));

    private static string OlderName(string name)
        => name.StartsWith("model.visual.", StringComparison.Ordinal) ? name["model.".Length..]
            : name.StartsWith("model.language_model.", StringComparison.Ordinal) ? "model." + name["model.language_model.".Length..]
            : name;
}
