using ViSurf.Core.Common;

namespace ViSurf.Core.Models.Adapters;

/// <summary>Low-rank adaptation (Hu et al., 2021, arXiv 2106.09685): W x + s · B A x with A [r, in] and B [out, r]. Names and defaults are PEFT's.</summary>
public sealed record LoraConfig
{
    /// <summary>The linear layers to adapt (<c>target_modules</c>).</summary>
    public required ModuleSelection TargetModules { get; init => field = Guard.NotNull(value, nameof(TargetModules)); }

    /// <summary>Layers to leave out of them (<c>exclude_modules</c>), for instance the vision tower: <c>ModuleSelection.Matching(".*visual.*")</c>.</summary>
    /// <value>null.</value>
    public ModuleSelection? ExcludeModules { get; init; }

    /// <summary>Rank of the update (<c>r</c>).</summary>
    /// <value>8, PEFT's default.</value>
    public int Rank { get; init => field = Guard.Positive(value, nameof(Rank)); } = 8;

    /// <summary>Published ones are some hundreds; a few powers of ten beyond this, float32 activations are infinite.</summary>
    internal const double LargestAlpha = 1e6;

    /// <summary>Numerator of the scaling (<c>lora_alpha</c>), above 0 and at most 1,000,000.</summary>
    /// <value>8, PEFT's default: with the default rank the scaling is 1.</value>
    public double Alpha
    {
        get;
        init => field = Guard.InRange(Guard.Positive(Guard.Finite(value, nameof(Alpha)), nameof(Alpha)), 0, LargestAlpha, nameof(Alpha));
    } = 8;

    /// <summary>
    /// Ranks of single layers (<c>rank_pattern</c>), in order: the first entry that means a layer counts. EVA writes them.
    /// </summary>
    /// <value>None: <see cref="Rank"/> for all.</value>
    public IReadOnlyList<LayerOverride> RankPattern
    {
        get;
        init => field = Guard.NotNull(value)
            .FirstOrDefault(entry => entry.Value is not (>= 1 and <= int.MaxValue) || entry.Value != Math.Floor(entry.Value)) is { } wrong
            ? throw new ArgumentException(FormattableString.Invariant($"Expected whole ranks of at least 1 in RankPattern, got {wrong.Value} for '{wrong.Pattern}'."), nameof(RankPattern))
            : [.. value];
    } = [];

    /// <summary>Numerators of single layers (<c>alpha_pattern</c>), in order: the first entry that means a layer counts.</summary>
    /// <value>None: <see cref="Alpha"/> for all.</value>
    public IReadOnlyList<LayerOverride> AlphaPattern
    {
        get;
        init => field = Guard.NotNull(value).FirstOrDefault(entry => entry.Value is not (> 0 and <= LargestAlpha)) is { } wrong
            ? throw new ArgumentException(FormattableString.Invariant($"Expected finite numbers above 0, at most {LargestAlpha}, in AlphaPattern, got {wrong.Value} for '{wrong.Pattern}'."), nameof(AlphaPattern))
            : [.. value];
    } = [];

    /// <summary>Probability of dropping an input of A (<c>lora_dropout</c>), in [0, 1). Only in train mode; see <see cref="LoraAdapter"/>.</summary>
    /// <value>0: with dropout, rollouts and scores would come from different networks.</value>
    public double Dropout { get; init => field = Guard.InRange(value, 0, Math.BitDecrement(1.0), nameof(Dropout)); }

    /// <summary>Scaling α/√r instead of α/r (<c>use_rslora</c>; Kalajdzievski, 2023, arXiv 2312.03732).</summary>
    /// <value>false, PEFT's default.</value>
    public bool UseRsLora { get; init; }

    /// <summary>
    /// Modules trained as a whole and saved with the adapter (<c>modules_to_save</c>): every module whose path ends with one of these,
    /// with all below it. Their original weights are kept, so that the adapter can be turned off.
    /// </summary>
    /// <value>None.</value>
    public IReadOnlyList<string> ModulesToSave { get; init => field = [.. Guard.NotNull(value).Select(name => Guard.NotBlank(name))]; } = [];

    /// <summary>Where the weights below the adapter came from (<c>base_model_name_or_path</c>): a note in the file, not read by anything here.</summary>
    /// <value>null.</value>
    public string? BaseModel { get; init; }

    /// <summary><c>task_type</c>: which wrapper PEFT makes.</summary>
    /// <value><c>CAUSAL_LM</c>.</value>
    public string? TaskType { get; init; } = "CAUSAL_LM";

    /// <summary>s: what B A is multiplied by in a layer without a rank or a numerator of its own.</summary>
    public double Scaling => Ratio(Alpha, Rank);

    /// <summary>The largest rank of any layer.</summary>
    internal double LargestRank => RankPattern.Select(entry => entry.Value).Append(Rank).Max();

    internal int RankOf(ModulePath path) => (int)(LayerOverride.Of(RankPattern, path) ?? Rank);

    internal double ScalingOf(ModulePath path) => Ratio(LayerOverride.Of(AlphaPattern, path) ?? Alpha, RankOf(path));

    private double Ratio(double alpha, int rank) => UseRsLora ? alpha / Math.Sqrt(rank) : alpha / rank;
}
