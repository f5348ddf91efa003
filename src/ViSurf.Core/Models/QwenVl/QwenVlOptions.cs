using ViSurf.Core.Models.Weights;
using ViSurf.Core.Policies;
using static TorchSharp.torch;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>How a checkpoint directory becomes a policy.</summary>
public sealed record QwenVlOptions
{
    /// <summary>Where the policy lives.</summary>
    /// <value>null: the CPU.</value>
    public Device? Device { get; init; }

    /// <summary>Dtype of the weights: Float32, BFloat16, or Float16 on CUDA.</summary>
    /// <value>Float32: AdamW at the usual learning rate of 1e-6 would be lost in bfloat16's rounding.</value>
    public ScalarType Type { get; init; } = ScalarType.Float32;

    /// <summary>Told after each tensor that has been read, from the threads that read.</summary>
    /// <value>null: nobody.</value>
    public IProgress<LoadProgress>? Progress { get; init; }

    /// <summary>
    /// Gives a model whose head is its embedding (<c>tie_word_embeddings</c>) a head of its own, which begins as a copy: for LoRA on
    /// <c>lm_head</c>, or to train the two apart. It is saved with the head and <c>tie_word_embeddings: false</c>. Nothing changes for a
    /// model that has one.
    /// </summary>
    /// <value>false: one matrix, as the checkpoint has it.</value>
    public bool OwnHead { get; init; }

    /// <summary>
    /// Whether scoring with gradient keeps only what goes from layer to layer, and computes the rest again in the backward pass
    /// (activation checkpointing). Memory of activations falls to about a layer's, the update costs a third more. Scores that were made
    /// so must not be disposed before their backward pass, and a loop of one's own runs that by <see cref="TokenScores.Backward"/>: what is
    /// thrown in the middle of it, out of memory most of all, then arrives as it was thrown. Logits
    /// of a batch beyond 2²⁷ (512 MiB in float32) are not kept, whatever this says, where the libtorch that runs can make them again.
    /// </summary>
    /// <value>false: the token budget of micro-batches bounds memory too, and costs nothing.</value>
    public bool RecomputeLayers { get; init; }

    /// <summary>
    /// Whether passes are made of few, fused operators instead of many small ones: the same values but for rounding. On CUDA
    /// decoding is expected to wait for the launches of small operators (docs/benchmarks.md counts them; nothing has been timed there); on
    /// a CPU they are cheap, and the plain way is the faster one. What the libtorch that runs does not have is done in the plain way.
    /// </summary>
    /// <value>null: on CUDA. Say false to go the plain way there too, for instance to compare the two.</value>
    public bool? Fused { get; init; }
}
