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
/// small moves away). Only parameters move; buffers are constants of the model. The weights are its state: a checkpoint saves <see cref="State"/>,
/// a resumed run calls <see cref="Restore"/>.
/// </remarks>
public sealed class MovingAveragePolicy : IPolicy, IWrapper
{
    private readonly FrozenPolicy _average;
    private readonly (string Name, Parameter Average, Parameter Trained)[] _pairs;

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
        _pairs = average.Module.named_parameters().Select(p => (p.name, p.parameter, Partner(p.name, p.parameter, followed))).ToArray();
    }

    IEnumerable<object> IWrapper.Inner => [_average];

    /// <inheritdoc/>
    public nn.Module Module => _average.Module;

    /// <inheritdoc/>
    public int? VocabularySize => ((IPolicy)_average).VocabularySize;

    /// <summary>Moves the average towards the trained policy.</summary>
    /// <param name="rate">α in (0, 1]; 1 copies. TRL takes 0.6 every 512 steps; 1e-3 every step is a slow average.</param>
    public void Update(double rate)
    {
        Guard.InRange(Guard.Positive(rate), 0.0, 1.0);
        using var grad = no_grad();
        foreach (var (_, average, trained) in _pairs)
        {
            using var scope = NewDisposeScope();
            var source = trained.detach().to(average.device).to(average.dtype);
            average.TimesInPlace(1 - rate);
            average.PlusInPlace(source, rate);
        }
    }

    /// <summary>What a checkpoint saves: the average's own parameters by name, not copies. They move with <see cref="Update"/>; write them, do not keep or dispose them.</summary>
    public IReadOnlyDictionary<string, Tensor> State => _pairs.ToDictionary(pair => pair.Name, pair => (Tensor)pair.Average);

    /// <summary>Goes on with saved weights, bit for bit.</summary>
    /// <param name="state">Every parameter of <see cref="State"/>, in its shape and dtype, on any device. Stays the caller's.</param>
    /// <exception cref="InvalidDataException">One is missing, unknown, or of another shape or dtype; nothing was changed.</exception>
    public void Restore(IReadOnlyDictionary<string, Tensor> state)
    {
        Guard.NotNull(state);
        if (state.Keys.Except(_pairs.Select(pair => pair.Name)).Order(StringComparer.Ordinal).FirstOrDefault() is { } unknown)
            throw new InvalidDataException($"Expected parameters of the moving average, got '{unknown}', which it does not have. Load the checkpoint that the run was started with.");
        var saved = _pairs.Select(pair => Saved(state, pair.Name, pair.Average)).ToArray();
        using var grad = no_grad();
        for (var i = 0; i < saved.Length; i++) _pairs[i].Average.copy_(saved[i]);
    }

    /// <inheritdoc/>
    public TokenScores Score(SequenceBatch batch) => _average.Score(batch);

    /// <inheritdoc/>
    public IDecodeSession Decode(PromptBatch prompts, int copies, int maxNewTokens) => _average.Decode(prompts, copies, maxNewTokens);

    private static Tensor Saved(IReadOnlyDictionary<string, Tensor> state, string name, Parameter average)
    {
        if (!state.TryGetValue(name, out var saved)) throw new InvalidDataException($"Expected the moving average's parameter '{name}' in the saved state, found none.");
        return saved.dtype == average.dtype && saved.shape.SequenceEqual(average.shape)
            ? saved
            : throw new InvalidDataException(
                $"Expected '{name}' of the moving average as {TensorText.Of(average)}, got {TensorText.Of(saved)}.");
    }

    private static Parameter Partner(string name, Parameter average, Dictionary<string, Parameter> followed)
        => followed.TryGetValue(name, out var partner) && partner.shape.SequenceEqual(average.shape)
            ? partner
            : throw new ArgumentException(
                $"Expected the trained policy to have a parameter '{name}' of shape {TensorText.Shape(average.shape)}, "
                + (partner is null ? "got none." : $"got {TensorText.Shape(partner.shape)}.") + " Average and policy must be of one architecture.", nameof(followed));
}
