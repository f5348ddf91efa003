using ViSurf.Core.Common;

namespace ViSurf.Core.Training;

/// <summary>How far and how wide a <see cref="PrefetchingStream"/> works ahead.</summary>
public sealed record PrefetchOptions
{
    /// <summary>Most examples that wait ready, each with its pictures as patches: some 14 MB for 840 × 840 pixels.</summary>
    /// <value>32: two steps of 16 prompts.</value>
    public int Examples { get; init => field = Guard.Positive(value); } = 32;

    /// <summary>Threads that read and encode.</summary>
    /// <value>2: a step takes many times as long as making its pictures ready, so few keep up.</value>
    public int Threads { get; init => field = Guard.Positive(value); } = 2;
}
