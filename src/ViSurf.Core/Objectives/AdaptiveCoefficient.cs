using System.Text.Json.Nodes;
using ViSurf.Core.Common;

namespace ViSurf.Core.Objectives;

/// <summary>A coefficient that keeps a KL near a target: it grows while the KL is above, shrinks while it is below.</summary>
/// <remarks>
/// β ← β · (1 + clip(kl/target − 1, ±0.2) · n/horizon) (Ziegler et al., arXiv 1909.08593; verl <c>AdaptiveKLController</c>). It has state:
/// a checkpoint saves <see cref="State"/>, a resumed run calls <see cref="Restore"/>.
/// </remarks>
/// <param name="initial">β before the first observation, greater than 0.</param>
/// <param name="target">The KL to keep, in the unit of what is observed. 0.1, verl's default; the unit there is nats per token.</param>
/// <param name="horizon">Observations after which a KL far off has changed β by about 20 %. 10 000, verl's default, counted in sequences.</param>
public sealed class AdaptiveCoefficient(double initial, double target = 0.1, double horizon = 10_000)
{
    private const double LargestError = 0.2;

    private readonly double _target = Guard.Positive(target);
    private readonly double _horizon = Guard.Positive(horizon);

    /// <summary>β now.</summary>
    public double Value { get; private set; } = Guard.Positive(initial);

    /// <summary>What a checkpoint saves: <c>{"value": β}</c>.</summary>
    public JsonNode State => new JsonObject { ["value"] = Value };

    /// <summary>Goes on with a saved β; target and horizon are this object's.</summary>
    /// <param name="state">From <see cref="State"/>, of this process or of another one.</param>
    /// <exception cref="InvalidDataException">It holds no β greater than 0; nothing was changed.</exception>
    public void Restore(JsonNode state)
        => Value = Guard.NotNull(state) is JsonObject saved && saved["value"] is JsonValue value && value.TryGetValue<double>(out var beta) && double.IsFinite(beta) && beta > 0
            ? beta
            : throw new InvalidDataException($"Expected the state of an adaptive coefficient, {{\"value\": β}} with β > 0, got {state.ToJsonString()}.");

    /// <summary>Moves β by what a step measured.</summary>
    /// <param name="kl">The step's KL.</param>
    /// <param name="sequences">How many sequences it was measured on, at least 0.</param>
    /// <exception cref="ArgumentException"><paramref name="kl"/> is not finite.</exception>
    public void Observe(double kl, long sequences)
    {
        Guard.NotNegative(sequences);
        if (!double.IsFinite(kl)) throw new ArgumentException($"Expected a finite KL, got {kl}. Observe made updates only.", nameof(kl));
        Value *= 1 + Math.Clamp(kl / _target - 1, -LargestError, LargestError) * sequences / _horizon;
    }
}
