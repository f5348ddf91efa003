using ViSurf.Core.Models.Weights;

namespace ViSurf.Core.Models.QwenVl;

/// <summary>
/// Whether a model's head is its embedding. <c>tie_word_embeddings</c> says so, but weights may hold a head of their own all the same: what
/// merging a LoRA with a trained head into a tied model wrote. Where both are stored and differ they are two matrices, as in transformers 5
/// (<c>tie_weights</c>, "will NOT tie them"); version 4 would drop the head.
/// </summary>
internal static class StoredHead
{
    public const string Head = "lm_head.weight";

    /// <summary>The configuration as the weights bear it out.</summary>
    public static QwenVlConfig Agree(QwenVlConfig config, CheckpointReader checkpoint)
        => config.TiedHead && IsOwn(QwenFamilies.Of(config).Names, checkpoint) ? config with { TiedHead = false } : config;

    /// <summary>Whether the weights hold a head that is not the embedding.</summary>
    public static bool IsOwn(QwenVlNames names, CheckpointReader checkpoint)
        => checkpoint.Names.Contains(Head) && Embedding(names, checkpoint) is { } embedding
            && !PieceByPiece.Same(checkpoint, Head, embedding);

    /// <summary>From names in the files to the module's.</summary>
    /// <param name="names">The family's.</param>
    /// <param name="tied">Whether the module's head is its embedding.</param>
    /// <param name="checkpoint">The files; a tied matrix may be stored under either of its names, or both.</param>
    public static Func<string, string?> Canonical(QwenVlNames names, bool tied, CheckpointReader checkpoint)
    {
        var headAlone = tied && Embedding(names, checkpoint) is null;
        return name => headAlone && name == Head ? names.Embedding : names.Canonical(name, tied);
    }

    /// <summary>Which of the two matrices stands in for the other where a tied checkpoint becomes a model with two.</summary>
    public static IReadOnlyDictionary<string, string> Copies(QwenVlNames names)
        => new Dictionary<string, string> { [Head] = names.Embedding, [names.Embedding] = Head };

    private static string? Embedding(QwenVlNames names, CheckpointReader checkpoint)
        => checkpoint.Names.FirstOrDefault(name => names.Canonical(name, tiedHead: true) == names.Embedding);
}
