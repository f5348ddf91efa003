using TorchSharp.Modules;
using ViSurf.Core.Common;
using ViSurf.Core.Encoding;
using static TorchSharp.torch;

namespace ViSurf.Core.Policies;

/// <summary>
/// A reference that follows the trained policy slowly: π_ref ← α·π_θ + (1 − α)·π_ref (TR-DPO, arXiv 2404.09656; TRL <c>sync_ref_model</c>). It scores
/// without gradient, as <see cref="FrozenPolicy"/> does.
/// </summary>
/// <remarks>
/// The average has weights of its own: a second load of the checkpoint, on any device and in any dtype (float32 when the rate is small: bfloat16 rounds
/// small moves away). Only parameters move; buffers are constants of the model.
/// </remarks>
public sealed class MovingAveragePolicy : IPolicy
{
    private readonly FrozenPolicy _average;
    private readonly (Parameter Average, Parameter Trained)[] _pairs;

    /// <summary>Pairs the parameters of two policies by name.</summary>
    /// <param name="average">Changed by <see cref="Update"/>; stays the caller's.</param>
    /// <param name="trained">The policy to follow; stays the caller's.</param>
    /// <exception cref="ArgumentException">They are the same module, or a parameter is missing or has another shape.</exception>
    public MovingAveragePolicy(IPolicy average, IPolicy trained)
    {
        _average = new FrozenPolicy(average);
        if (ReferenceEquals(average.Module, Guard.NotNull(trained).Module))
            throw new ArgumentException("Expected an average with weights of its own, got the trained policy's module. Load the checkpoint a second time.", nameof(average));
        var followed = trained.Module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        _pairs = average.Module.named_parameters().Select(p => (p.parameter, Partner(p.name, p.parameter, followed))).ToArray();
    }

    /// <inheritdoc/>
    public nn.Module Module => _average.Module;

    /// <summary>Moves the average towards the trained policy.</summary>
    /// <param name="rate">α in (0, 1]; 1 copies. TRL takes 0.6 every 512 steps; 1e-3 every step is a slow average.</param>
    public void Update(double rate)
    {
        Guard.InRange(Guard.Positive(rate), 0.0, 1.0);
        using var grad = no_grad();
        foreach (var (average, trained) in _pairs)
        {
            using var scope = NewDisposeScope();
            var source = trained.detach().to(average.device).to(average.dtype);
            average.TimesInPlace(1 - rate);
            average.PlusInPlace(source, rate);
        }
    }

    /// <inheritdoc/>
    public TokenScores Score(SequenceBatch batch) => _average.Score(batch);

    /// <inheritdoc/>
    public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens) => _average.Decode(prompts, copies, maxNewTokens);

    private static Parameter Partner(string name, Parameter average, Dictionary<string, Parameter> followed)
        => followed.TryGetValue(name, out var partner) && partner.shape.SequenceEqual(average.shape)
            ? partner
            : throw new ArgumentException(
                $"Expected the trained policy to have a parameter '{name}' of shape [{string.Join(", ", average.shape)}], "
                + (partner is null ? "got none." : $"got [{string.Join(", ", partner.shape)}].") + " Average and policy must be of one architecture.", nameof(followed));
}
